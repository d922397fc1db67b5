/// Ends waits early: hand it to any number of calls, then [cancel].
///
/// Calls that wait fail with `WeftCancelledException`, and so does each later
/// one. It belongs to one isolate.
final class CancelToken {
  final _listeners = <void Function()>{};
  bool _isCancelled = false;

  bool get isCancelled => _isCancelled;

  /// Idempotent.
  void cancel() {
    if (_isCancelled) {
      return;
    }
    _isCancelled = true;
    final waiting = _listeners.toList();
    _listeners.clear();
    for (final end in waiting) {
      end();
    }
  }

  /// For the package's own use: [end] is called once, on [cancel].
  void add(void Function() end) => _listeners.add(end);
  void remove(void Function() end) => _listeners.remove(end);
}
