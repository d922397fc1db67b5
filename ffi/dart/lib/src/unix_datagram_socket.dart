import 'dart:async';
import 'dart:convert';
import 'dart:typed_data';

import 'cancel.dart';
import 'native_socket.dart';
import 'service.dart';
import 'waiting.dart';

/// A datagram that came by a Unix socket.
final class UnixDatagram {
  const UnixDatagram(this.data, this.from);

  final Uint8List data;

  /// The path of who has sent it, or `@name`; null: it has none, and cannot be
  /// answered.
  final String? from;
}

/// Sends and receives datagrams by names on this machine. They arrive in order,
/// and every one of them: a sender waits while its receiver has no room.
final class UnixDatagramSocket extends NativeSocket {
  UnixDatagramSocket._(super.handle);

  /// More is refused.
  static const longest = 65000;

  /// Takes [path], or `@name` for an abstract one; without any, nobody can
  /// answer what this sends.
  ///
  /// A file that a dead program left there is replaced; it is removed when
  /// this is closed. [mode] sets its permissions, such as 0x1b0 for 0660.
  static Future<UnixDatagramSocket> bind([String path = '', int? mode]) {
    final name = utf8.encode(path);
    int call(Service service, int id) => withAddress(
        service,
        name,
        (memory) => service.native
            .unixBind(service.port, id, memory, name.length, mode ?? -1));
    return open('bind ${path.isEmpty ? 'a socket without a name' : path}', call,
        UnixDatagramSocket._, (late) => late.close());
  }

  // What precedes a datagram: the sender's name and, at the end, its size.
  static const _head = 111;

  // As those of UDP, but what waits with the system makes senders wait.
  static const _ahead = 16;

  late final Pull<UnixDatagram> _receives =
      Pull('receive', ahead: _ahead, (whose) {
    return service.ask((id) => service.native.udpReceive(id, handle),
        (result, data) {
      data == null ? whose.fail(result) : whose.deliver(_datagram(data));
    });
  });

  static UnixDatagram _datagram(Uint8List message) {
    final name = Uint8List.sublistView(message, 0, message[_head - 1]);
    return UnixDatagram(Uint8List.sublistView(message, _head),
        name.isEmpty ? null : utf8.decode(name, allowMalformed: true));
  }

  /// The next datagram. A receive that times out or is cancelled loses none.
  Future<UnixDatagram> receive({Duration? timeout, CancelToken? cancel}) =>
      _receives.take(timeout, cancel);

  /// Every datagram, until this is closed. What comes after somebody stopped
  /// listening is for the next one.
  Stream<UnixDatagram> get datagrams =>
      _receives.stream(isOver: () => isClosed);

  /// Sends `data[start, end)`, which is copied before this returns, to a path
  /// or `@name`; at most [longest] bytes, or none.
  ///
  /// Completes when the receiver has it in its queue; one that times out or is
  /// cancelled before that is not sent. Those behind it wait, too, whoever
  /// they are for.
  Future<void> send(List<int> data, String to,
      {int start = 0, int? end, Duration? timeout, CancelToken? cancel}) {
    final last = RangeError.checkValidRange(start, end, data.length);
    final name = utf8.encode(to);
    return request(
        'send to $to',
        (id) => service.scratch.withBoth(
            data,
            start,
            last,
            name,
            (bytes, where) => service.native.unixSend(
                id, handle, bytes, 0, last - start, where, name.length)),
        Patience(timeout, cancel));
  }

  /// Closes; what waits fails. Idempotent. Waits for nobody.
  Future<void> close() =>
      closeOnce((id) => service.native.udpClose(id, handle));
}
