import 'dart:async';
import 'dart:collection';
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'cancel.dart';
import 'errors.dart';
import 'native_socket.dart';
import 'service.dart';
import 'waiting.dart';

/// A TCP connection.
final class Connection extends NativeSocket {
  /// For the package's own use: takes over a handle.
  Connection.adopt(super.handle);

  /// Connects to [host], a name, an address as text, or an [InternetAddress].
  ///
  /// [sourceAddress] and [sourcePort] bind our end. Throws [WeftException],
  /// or [SocketException] when the name is not known.
  static Future<Connection> connect(Object host, int port,
      {InternetAddress? sourceAddress,
      int sourcePort = 0,
      Duration? timeout,
      CancelToken? cancel}) async {
    final address = await resolve(host);
    final operation = 'connect ${address.address}:$port';
    if (cancel != null && cancel.isCancelled) {
      throw WeftCancelledException(operation);
    }
    final service = Service.instance;
    final waiter = Waiter<Connection>(operation, timeout, cancel);
    final peer = address.rawAddress;
    final source = sourceAddress?.rawAddress ?? Uint8List(0);
    final both = Uint8List(peer.length + source.length)
      ..setAll(0, peer)
      ..setAll(peer.length, source);
    final code = service.ask(
        (id) => withAddress(
            service,
            both,
            (memory) => service.native.connect(
                service.port,
                id,
                memory,
                peer.length,
                port,
                source.isEmpty ? nullptr : memory + peer.length,
                source.length,
                sourcePort)), (result, _) {
      if (result < 0) {
        waiter.fail(WeftException(operation, result));
        return;
      }
      final made = Connection.adopt(result);
      // One that nobody waits for any more is not kept.
      waiter.isOver ? made.close().ignore() : waiter.complete(made);
    });
    if (code < 0) {
      waiter.fail(WeftException(operation, code));
    }
    return waiter.future;
  }

  late final Pull<Uint8List?> _reads = Pull('read', (whose) {
    return service.ask((id) => service.native.read(id, handle),
        (result, data) {
      if (data != null) {
        whose.deliver(data);
      } else if (result == Code.closed) {
        whose.deliver(null);
      } else {
        whose.fail(result);
      }
    });
  });

  /// The next bytes, at most 64 KiB; null at the end of the stream.
  ///
  /// A read that times out or is cancelled loses nothing. Several reads are
  /// answered in order.
  Future<Uint8List?> read({Duration? timeout, CancelToken? cancel}) =>
      _reads.take(timeout, cancel);

  /// Everything that comes, until the end of the stream. Reads only while
  /// somebody listens and is not paused, so a slow listener slows the peer.
  Stream<Uint8List> get bytes async* {
    for (Uint8List? part; (part = await read()) != null;) {
      yield part!;
    }
  }

  final _blocked = Queue<void Function()>();
  int _writing = 0;

  /// Writes `data[start, end)`, which is copied before this returns unless
  /// more is waiting to be sent than the library takes: then [data] must stay
  /// as it is until the future completes.
  ///
  /// Completes when all was handed to the system. Writes stay in order,
  /// awaited or not. Awaiting them is what keeps memory bounded.
  Future<void> write(List<int> data, [int start = 0, int? end]) {
    final to = RangeError.checkValidRange(start, end, data.length);
    if (start == to) {
      return Future.value();
    }
    final waiter = Waiter<void>('write', null, null);
    if (_blocked.isNotEmpty || !_tryWrite(waiter, data, start, to)) {
      _blocked.add(() => _retry(waiter, data, start, to));
    }
    return waiter.future;
  }

  void _retry(Waiter<void> waiter, List<int> data, int start, int end) {
    if (!_tryWrite(waiter, data, start, end)) {
      _blocked.addFirst(() => _retry(waiter, data, start, end));
    }
  }

  /// False: the library has too much of this connection already.
  bool _tryWrite(Waiter<void> waiter, List<int> data, int start, int end) {
    final code = service.ask(
        (id) => service.scratch.withBytes(
            data,
            start,
            end,
            (memory) =>
                service.native.write(id, handle, memory, 0, end - start)),
        (result, _) {
      --_writing;
      result < 0
          ? waiter.fail(WeftException('write', result))
          : waiter.complete(null);
      if (_blocked.isNotEmpty) {
        _blocked.removeFirst()();
      }
    });
    if (code == Code.outOfMemory && _writing > 0) {
      return false;
    }
    if (code < 0) {
      waiter.fail(WeftException('write', code));
    } else {
      ++_writing;
    }
    return true;
  }

  /// Writes all that [source] gives, each piece after the one before it.
  Future<void> writeAll(Stream<List<int>> source) async {
    await for (final part in source) {
      await write(part);
    }
  }

  /// Ends our side of the stream, after what was written; reading goes on.
  Future<void> closeWrite() => request(
      'close write', (id) => service.native.closeWrite(id, handle));

  /// Closes; what waits fails. Idempotent.
  Future<void> close() =>
      closeOnce((id) => service.native.close(id, handle));

  /// The peer's address.
  InternetAddress get remoteAddress =>
      address('remote address', service.native.remoteAddress);

  /// The peer's port.
  int get remotePort =>
      checked('remote port', service.native.remotePort(handle));

  /// Whether small writes are sent at once instead of being gathered.
  bool get noDelay => checked('no delay', service.native.noDelay(handle)) != 0;
  set noDelay(bool on) =>
      checked('no delay', service.native.setNoDelay(handle, on));

  /// Whether the system probes a peer that is silent for long.
  bool get keepAlive =>
      checked('keep alive', service.native.keepAlive(handle)) != 0;
  set keepAlive(bool on) =>
      checked('keep alive', service.native.setKeepAlive(handle, on));
}
