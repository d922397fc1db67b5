/// As much of package:test as the tests of `ffi/dart` use, for where no
/// registry of packages is to be had.
library;

import 'dart:async';
import 'dart:io';

final _tests = <(String, FutureOr<void> Function(), Duration)>[];
var _isScheduled = false;

/// The real one has a `timeout` for [seconds].
void test(String name, FutureOr<void> Function() body, {int seconds = 60}) {
  _tests.add((name, body, Duration(seconds: seconds)));
  if (!_isScheduled) {
    _isScheduled = true;
    Timer.run(_runAll);
  }
}

Future<void> _runAll() async {
  var failed = 0;
  for (final (name, body, limit) in _tests) {
    try {
      await Future.sync(body).timeout(limit);
      print('passed: $name');
    } catch (error, stack) {
      ++failed;
      print('FAILED: $name\n$error\n$stack');
    }
  }
  print('${_tests.length - failed} of ${_tests.length} passed');
  if (failed > 0) {
    exit(1);
  }
}

class TestFailure implements Exception {
  TestFailure(this.message);
  final String message;
  @override
  String toString() => message;
}

typedef Matcher = bool Function(Object? actual);

Matcher isA<T>() => (actual) => actual is T;
final Matcher isNull = (actual) => actual == null;
final Matcher isTrue = (actual) => actual == true;
final Matcher isFalse = (actual) => actual == false;

Matcher equals(Object? expected) => (actual) => _same(actual, expected);
Matcher greaterThan(num bound) => (actual) => (actual as num) > bound;
Matcher lessThan(num bound) => (actual) => (actual as num) < bound;

bool _same(Object? a, Object? b) {
  if (a is List && b is List) {
    return a.length == b.length &&
        Iterable<int>.generate(a.length).every((i) => _same(a[i], b[i]));
  }
  return a == b;
}

void expect(Object? actual, Object? expected) {
  final matches =
      expected is Matcher ? expected(actual) : _same(actual, expected);
  if (!matches) {
    throw TestFailure('got $actual'
        '${expected is Matcher ? '' : ', expected $expected'}');
  }
}

/// Fails unless [future] fails with an error that matches.
Future<void> expectLater(Future<Object?> future, Thrower thrower) async {
  try {
    await future;
  } catch (error) {
    if (thrower.matcher(error)) {
      return;
    }
    rethrow;
  }
  throw TestFailure('nothing was thrown');
}

class Thrower {
  Thrower(this.matcher);
  final Matcher matcher;
}

Thrower throwsA(Matcher matcher) => Thrower(matcher);
