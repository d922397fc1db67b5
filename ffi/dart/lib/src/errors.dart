import 'dart:async';
import 'dart:io';

import 'service.dart';

/// What the library answers when something failed.
abstract final class Code {
  static const invalidHandle = -1;
  static const closed = -9;
  static const optionFailed = -10;
  static const outOfMemory = -12;
}

const _sentences = {
  -1: 'the socket is closed',
  -2: 'no address of IPv4 or IPv6',
  -3: 'the connection could not be made',
  -4: 'the address cannot be bound to',
  -5: 'the socket cannot listen',
  -6: 'no connection could be accepted, or the listener was closed',
  -7: 'the connection was lost, or closed during the read',
  -8: 'the connection was lost, or closed during the write',
  -9: 'the end of the stream',
  -10: 'the system refused the option',
  -11: 'the library was shut down',
  -12: 'out of memory or descriptors, or too much is waiting to be sent',
  -13: 'an argument is out of range',
};

/// Something failed on a socket.
class WeftException implements IOException {
  /// Of a result of the library's, which holds the system's error, too.
  const WeftException(this.operation, int result)
      : code = -(-result & 0xff),
        _error = -result >> 8;

  /// What was asked for, as "connect 127.0.0.1:80".
  final String operation;

  /// The library's number for it; 0 where it has none.
  final int code;
  final int _error;

  /// What the system said, if it was the system that refused.
  OSError? get osError =>
      _error == 0 ? null : OSError(Service.instance.errorText(_error), _error);

  String get reason {
    final sentence = _sentences[code] ?? 'error $code';
    final said = osError;
    return said == null
        ? sentence
        : '$sentence: ${said.message} (errno ${said.errorCode})';
  }

  @override
  String toString() => 'WeftException: $operation: $reason';
}

/// A `timeout` passed.
class WeftTimeoutException extends WeftException implements TimeoutException {
  const WeftTimeoutException(String operation, this.duration)
      : super(operation, 0);

  @override
  final Duration? duration;

  @override
  String? get message => '$operation: $reason';

  @override
  String get reason => 'timed out after $duration';
}

/// A [CancelToken] was cancelled.
class WeftCancelledException extends WeftException {
  const WeftCancelledException(String operation) : super(operation, 0);

  @override
  String get reason => 'cancelled';
}
