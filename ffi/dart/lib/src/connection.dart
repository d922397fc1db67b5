import 'dart:async';
import 'dart:collection';
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'byte_stream.dart';
import 'cancel.dart';
import 'errors.dart';
import 'native_socket.dart';
import 'service.dart';
import 'waiting.dart';

/// A connection: of TCP, or of Unix sockets.
final class Connection extends NativeSocket implements ByteStream {
  /// For the package's own use: takes over a handle.
  Connection.adopt(super.handle);

  /// Connects to [host], a name, an address as text, or an [InternetAddress],
  /// which may be that of a Unix socket: then [port] and the source mean
  /// nothing.
  ///
  /// The addresses that a name has are tried in turn, all within the one
  /// [timeout]. [sourceAddress] and [sourcePort] bind our end. Throws
  /// [WeftException], or [SocketException] when the name is not known.
  static Future<Connection> connect(Object host, int port,
      {InternetAddress? sourceAddress,
      int sourcePort = 0,
      Duration? timeout,
      CancelToken? cancel}) async {
    final patience = Patience(timeout, cancel);
    final addresses = await resolve(host, patience);
    for (final address in addresses.take(addresses.length - 1)) {
      try {
        return await _open(address, port, sourceAddress, sourcePort, patience);
      } on WeftException catch (error) {
        if (error.code == 0) {
          rethrow; // patience is at an end
        }
      }
    }
    return _open(addresses.last, port, sourceAddress, sourcePort, patience);
  }

  static Future<Connection> _open(InternetAddress address, int port,
      InternetAddress? sourceAddress, int sourcePort, Patience patience) {
    final isUnix = address.type == InternetAddressType.unix;
    final peer = rawName(address);
    final source = sourceAddress?.rawAddress ?? Uint8List(0);
    int call(Service service, int id) => service.scratch.withBoth(
        peer,
        0,
        peer.length,
        source,
        (peerBytes, sourceBytes) => isUnix
            ? service.native
                .unixConnect(service.port, id, peerBytes, peer.length)
            : service.native.connect(
                service.port,
                id,
                peerBytes,
                peer.length,
                port,
                source.isEmpty ? nullptr : sourceBytes,
                source.length,
                sourcePort));
    return open('connect ${nameOf(address, port)}', call, Connection.adopt,
        (late) => late.close(), patience);
  }

  /// Connects to the Unix socket at [path], or `@name` for an abstract one.
  static Future<Connection> connectUnix(String path,
          {Duration? timeout, CancelToken? cancel}) =>
      connect(InternetAddress(path, type: InternetAddressType.unix), 0,
          timeout: timeout, cancel: cancel);

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
  @override
  Future<Uint8List?> read({Duration? timeout, CancelToken? cancel}) =>
      _reads.take(timeout, cancel);

  /// Everything that comes, until the end of the stream. Reads only while
  /// somebody listens and is not paused, so a slow listener slows the peer.
  /// What comes after somebody stopped listening is for the next one.
  @override
  Stream<Uint8List> get bytes => _reads.stream();

  final _blocked = Queue<_Write>();
  int _writing = 0; // writes that the library will answer

  /// Writes `data[start, end)`, which is copied before this returns unless
  /// more is waiting to be sent than the library takes: then [data] must stay
  /// as it is until the future completes.
  ///
  /// Completes when all was handed to the system. Writes stay in order,
  /// awaited or not. Awaiting them is what keeps memory bounded. One that times
  /// out or is cancelled is taken back as a whole, or, once a part of it is
  /// out, sent to its end all the same: the stream stays whole.
  @override
  Future<void> write(List<int> data,
      {int start = 0, int? end, Duration? timeout, CancelToken? cancel}) {
    final to = RangeError.checkValidRange(start, end, data.length);
    final patience = Patience(timeout, cancel);
    if (patience.isCancelled) {
      return Future.error(const WeftCancelledException('write'));
    }
    if (start == to) {
      return Future.value();
    }
    final write = _Write(data, start, to);
    if (_blocked.isNotEmpty || !_try(write)) {
      _blocked.add(write);
    }
    return write.wait(patience, _takeBack);
  }

  void _takeBack(_Write write) {
    if (!_blocked.remove(write)) {
      service.takeBack(write.id, handle);
    }
  }

  /// False: the library has too much of this connection already.
  bool _try(_Write write) {
    final size = write.end - write.start;
    final native = service.native;
    final call = service.isBusy ? native.writeNow : native.write;
    final code = service.ask(
        (id) => service.scratch.withBytes(write.data, write.start, write.end,
            (memory) => call(write.id = id, handle, memory, 0, size)),
        (result, _) {
      --_writing;
      write.finish(result);
      while (_blocked.isNotEmpty && _try(_blocked.first)) {
        _blocked.removeFirst();
      }
    });
    if (code == Code.outOfMemory && _writing > 0) {
      return false;
    }
    code == 0 ? ++_writing : write.finish(code);
    return true;
  }

  /// Writes all that [source] gives, each piece after the one before it. Ends
  /// early as a whole; then [source] is not listened to any more.
  @override
  Future<void> writeAll(Stream<List<int>> source,
      {Duration? timeout, CancelToken? cancel}) {
    final patience = Patience(timeout, cancel);
    if (patience.isCancelled) {
      return Future.error(const WeftCancelledException('write all'));
    }
    final waiter = Waiter<void>('write all', patience);
    // Ends the piece that is on its way.
    final stop = CancelToken();
    late final StreamSubscription<List<int>> pieces;
    void fail(Object error, StackTrace stack) {
      pieces.cancel().ignore();
      waiter.fail(error, stack);
    }

    var last = Future<void>.value();
    pieces = source.listen((piece) {
      last = write(piece, cancel: stop).onError(fail);
      pieces.pause(last);
    },
        onError: fail,
        onDone: () => last.then((_) => waiter.complete(null)));
    waiter.onAbandoned = () {
      stop.cancel();
      pieces.cancel().ignore();
    };
    return waiter.future;
  }

  /// Ends our side of the stream, after what was written; reading goes on.
  /// When that times out or is cancelled while writes wait, it is not ended.
  @override
  Future<void> closeWrite({Duration? timeout, CancelToken? cancel}) => request(
      'close write',
      (id) => service.native.closeWrite(id, handle),
      Patience(timeout, cancel));

  /// Closes; what waits fails. Idempotent. Waits for nobody, and takes no
  /// time-out therefore.
  @override
  Future<void> close() =>
      closeOnce((id) => service.native.close(id, handle));

  /// The peer's address; of a Unix socket as [localAddress].
  InternetAddress get remoteAddress =>
      address('remote address', service.native.remoteAddress, peers: true);

  /// The peer's port; 0 of a Unix socket.
  int get remotePort => port('remote port', service.native.remotePort);

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

/// A write on its way. Most are over before anyone can wait for them.
final class _Write {
  _Write(this.data, this.start, this.end);

  final List<int> data;
  final int start;
  final int end;
  int id = -1; // of the request, once it was made
  int? _result;
  Waiter<void>? _waiter;

  /// The library's answer: the total, or a code.
  void finish(int result) {
    final waiter = _waiter;
    if (waiter == null) {
      _result = result;
    } else if (result < 0) {
      waiter.fail(WeftException('write', result));
    } else {
      waiter.complete(null);
    }
  }

  /// [takeBack] when that ends early.
  Future<void> wait(Patience patience, void Function(_Write) takeBack) {
    final result = _result;
    if (result == null) {
      final waiter = _waiter = Waiter('write', patience);
      waiter.onAbandoned = () => takeBack(this);
      return waiter.future;
    }
    return result < 0
        ? Future.error(WeftException('write', result))
        : Future.value();
  }
}
