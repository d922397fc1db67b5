import 'dart:async';
import 'dart:collection';

import 'cancel.dart';
import 'errors.dart';
import 'service.dart';

/// How long a call may take in all, of however many waits it consists, and what
/// ends it early.
final class Patience {
  Patience._(this.timeout, this.cancel)
      : _watch = timeout == null ? null : (Stopwatch()..start());
  const Patience._endless()
      : timeout = null,
        cancel = null,
        _watch = null;

  /// From now on.
  factory Patience(Duration? timeout, CancelToken? cancel) =>
      timeout == null && cancel == null
          ? endless
          : Patience._(timeout, cancel);

  static const endless = Patience._endless();

  final Duration? timeout;
  final CancelToken? cancel;
  final Stopwatch? _watch;

  bool get isCancelled => cancel?.isCancelled ?? false;

  /// What is left of the time; null: there is no limit.
  Duration? get left {
    final limit = timeout;
    return limit == null ? null : limit - _watch!.elapsed;
  }

  /// Waits for what cannot be ended: when patience is at an end, its result is
  /// given to [late].
  Future<T> of<T>(String operation, Future<T> what, [void Function(T)? late]) {
    if (identical(this, endless)) {
      return what;
    }
    final waiter = Waiter<T>(operation, this);
    what.then((value) {
      waiter.isOver ? late?.call(value) : waiter.complete(value);
    }, onError: (Object error, StackTrace stack) => waiter.fail(error, stack));
    return waiter.future;
  }
}

/// A future of this package's: it keeps the isolate alive while it waits, and
/// ends early by time-out or cancellation.
final class Waiter<T> {
  Waiter(this._operation, this._patience) {
    Service.instance.retain();
    final left = _patience.left;
    if (left != null) {
      _timer = Timer(left, _timedOut);
    }
    final cancel = _patience.cancel;
    if (cancel != null) {
      cancel.isCancelled ? _cancelled() : cancel.add(_cancelled);
    }
  }

  final String _operation;
  final Patience _patience;
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

  void fail(Object error, [StackTrace? stack]) {
    if (_end()) {
      _completer.completeError(error, stack);
      if (error is WeftTimeoutException || error is WeftCancelledException) {
        onAbandoned?.call();
      }
    }
  }

  void _timedOut() =>
      fail(WeftTimeoutException(_operation, _patience.timeout!));
  void _cancelled() => fail(WeftCancelledException(_operation));

  bool _end() {
    if (_completer.isCompleted) {
      return false;
    }
    _timer?.cancel();
    _patience.cancel?.remove(_cancelled);
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
    final waiter = Waiter<T>(_operation, Patience(timeout, cancel));
    waiter.onAbandoned = () => _waiters.remove(waiter);
    _waiters.add(waiter);
    _ask();
    return waiter.future;
  }

  /// What comes, again and again, until that is null or [isOver] when it
  /// fails. Asks only while somebody listens and is not paused; who stops
  /// listening loses nothing.
  Stream<R> stream<R extends T>({bool Function()? isOver}) {
    final stop = CancelToken();
    late final StreamController<R> to;
    var pulls = false;
    bool isWanted() => to.hasListener && !to.isPaused;
    Future<void> pull() async {
      if (pulls) {
        return;
      }
      pulls = true;
      try {
        while (isWanted()) {
          final next = await take(null, stop);
          if (!isWanted()) {
            _giveBack(next);
          } else if (next is R) {
            to.add(next);
          } else {
            to.close().ignore();
            return;
          }
        }
      } on WeftCancelledException {
        // Nobody listens any more.
      } on WeftException catch (error, stack) {
        if (!(isOver?.call() ?? false)) {
          to.addError(error, stack);
        }
        to.close().ignore();
      } finally {
        pulls = false;
      }
    }

    to = StreamController<R>(
        sync: true, onListen: pull, onResume: pull, onCancel: stop.cancel);
    return to.stream;
  }

  void _giveBack(T value) {
    _waiters.isEmpty
        ? _early.addFirst(value)
        : _waiters.removeFirst().complete(value);
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
