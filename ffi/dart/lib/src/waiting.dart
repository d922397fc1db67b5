import 'dart:async';
import 'dart:collection';

import 'cancel.dart';
import 'errors.dart';
import 'service.dart';

/// A future of this package's: it keeps the isolate alive while it waits, and
/// ends early by time-out or cancellation.
final class Waiter<T> {
  Waiter(this._operation, Duration? timeout, this._cancel) {
    Service.instance.retain();
    if (timeout != null) {
      _timer = Timer(
          timeout, () => fail(WeftTimeoutException(_operation, timeout)));
    }
    _cancel?.add(_cancelled);
  }

  final String _operation;
  final CancelToken? _cancel;
  final _completer = Completer<T>();
  Timer? _timer;

  /// Called when the wait ends early.
  void Function()? onAbandoned;

  Future<T> get future => _completer.future;
  bool get isOver => _completer.isCompleted;

  void complete(T value) {
    if (_end()) {
      _completer.complete(value);
    }
  }

  void fail(Object error) {
    if (_end()) {
      _completer.completeError(error);
      if (error is WeftTimeoutException || error is WeftCancelledException) {
        onAbandoned?.call();
      }
    }
  }

  void _cancelled() => fail(WeftCancelledException(_operation));

  bool _end() {
    if (_completer.isCompleted) {
      return false;
    }
    _timer?.cancel();
    _cancel?.remove(_cancelled);
    Service.instance.release();
    return true;
  }
}

/// Requests that stay with the library when whoever made them gives up: the
/// next one who asks gets their answers.
final class Pull<T> {
  Pull(this._operation, this._start, {int ahead = 1}) : _ahead = ahead;

  final String _operation;

  /// Asks the library; the answer goes to [deliver] or [fail]. Returns what
  /// the library returned.
  final int Function(Pull<T> whose) _start;

  /// How many answers may be asked for, or be here, before somebody takes
  /// them: what bounds the memory of an isolate that is slow.
  final int _ahead;
  final _waiters = Queue<Waiter<T>>();
  final _early = Queue<T>();
  int _asked = 0;

  Future<T> take(Duration? timeout, CancelToken? cancel) {
    if (cancel != null && cancel.isCancelled) {
      return Future.error(WeftCancelledException(_operation));
    }
    if (_early.isNotEmpty) {
      return Future.value(_early.removeFirst());
    }
    final waiter = Waiter<T>(_operation, timeout, cancel);
    waiter.onAbandoned = () => _waiters.remove(waiter);
    _waiters.add(waiter);
    _ask();
    return waiter.future;
  }

  void _ask() {
    while (_asked + _early.length < _ahead) {
      ++_asked;
      final code = _start(this);
      if (code < 0) {
        fail(code);
        return;
      }
    }
  }

  void deliver(T value) {
    --_asked;
    if (_waiters.isEmpty) {
      _early.add(value);
    } else {
      _waiters.removeFirst().complete(value);
    }
    if (_waiters.isNotEmpty) {
      _ask();
    }
  }

  void fail(int code) {
    --_asked;
    final waiting = _waiters.toList();
    _waiters.clear();
    for (final waiter in waiting) {
      waiter.fail(WeftException(_operation, code));
    }
  }
}
