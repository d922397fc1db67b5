import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:weft/weft.dart';

/// One end of a connection, as far as the loads go.
abstract class End {
  Future<void> write(Uint8List data);

  /// Some bytes; null at the end.
  Future<Uint8List?> read();
  Future<void> close();
}

/// A way to have connections.
abstract class Side {
  /// Returns the port. [at]: one that others of this program have, too; 0: a
  /// new one for them.
  Future<int> listen(void Function(End) accepted, {int? at});
  Future<End> connect(int port);
  Future<void> stop();
}

/// How long a load runs.
const time = Duration(milliseconds: 700);

/// Gives back what comes.
Future<void> echo(End peer) async {
  for (Uint8List? data; (data = await peer.read()) != null;) {
    await peer.write(data!);
  }
  await peer.close();
}

/// Sends 64 bytes and awaits them, again and again; how often.
Future<int> ask(End end, Stopwatch watch) async {
  final message = Uint8List(64);
  var done = 0;
  while (watch.elapsed < time) {
    await end.write(message);
    for (var got = 0; got < 64;) {
      got += (await end.read())!.length;
    }
    ++done;
  }
  return done;
}

final sides = <String, Side Function()>{
  'weft': WeftSide.new,
  'Socket': SocketSide.new,
  'RawSocket': RawSide.new,
};

class WeftEnd implements End {
  WeftEnd(this._it);
  final Connection _it;
  @override
  Future<void> write(Uint8List data) => _it.write(data);
  @override
  Future<Uint8List?> read() => _it.read();
  @override
  Future<void> close() => _it.close();
}

class WeftSide implements Side {
  late final Listener _listener;
  @override
  Future<int> listen(void Function(End) accepted, {int? at}) async {
    _listener = await Listener.bind('127.0.0.1', at ?? 0, shared: at != null);
    _listener.connections.listen((peer) => accepted(WeftEnd(peer)));
    return _listener.localPort;
  }

  @override
  Future<End> connect(int port) async =>
      WeftEnd(await Connection.connect(InternetAddress.loopbackIPv4, port));
  @override
  Future<void> stop() => _listener.close();
}

class SocketEnd implements End {
  SocketEnd(this._it) : _data = StreamIterator(_it);
  final Socket _it;
  final StreamIterator<Uint8List> _data;
  @override
  Future<void> write(Uint8List data) async => _it.add(data);
  @override
  Future<Uint8List?> read() async =>
      await _data.moveNext() ? _data.current : null;
  @override
  Future<void> close() async => _it.destroy();
}

class SocketSide implements Side {
  late final ServerSocket _server;
  @override
  Future<int> listen(void Function(End) accepted, {int? at}) async {
    _server = await ServerSocket.bind('127.0.0.1', at ?? 0, shared: at != null);
    _server.listen((peer) => accepted(SocketEnd(peer)));
    return _server.port;
  }

  @override
  Future<End> connect(int port) async =>
      SocketEnd(await Socket.connect(InternetAddress.loopbackIPv4, port));
  @override
  Future<void> stop() => _server.close();
}

class RawEnd implements End {
  RawEnd(this._it) {
    _it.writeEventsEnabled = false;
    _it.listen(_onEvent);
  }
  final RawSocket _it;
  Completer<Uint8List?>? _reader;
  final _writes = <(Uint8List, Completer<void>)>[];
  int _offset = 0;
  bool _ended = false;

  void _onEvent(RawSocketEvent event) {
    if (event == RawSocketEvent.write) {
      _flush();
      return;
    }
    if (event != RawSocketEvent.read) {
      _ended = true;
    }
    final reader = _reader;
    if (reader == null) {
      return;
    }
    final data = _it.read();
    if (data != null || _ended) {
      _reader = null;
      reader.complete(data);
    }
  }

  void _flush() {
    while (_writes.isNotEmpty) {
      final (data, done) = _writes.first;
      _offset += _it.write(data, _offset, data.length - _offset);
      if (_offset < data.length) {
        _it.writeEventsEnabled = true;
        return;
      }
      _offset = 0;
      _writes.removeAt(0);
      done.complete();
    }
  }

  @override
  Future<void> write(Uint8List data) {
    final done = Completer<void>();
    _writes.add((data, done));
    if (_writes.length == 1) {
      _flush();
    }
    return done.future;
  }

  @override
  Future<Uint8List?> read() {
    final data = _it.read();
    if (data != null || _ended) {
      return Future.value(data);
    }
    return (_reader = Completer()).future;
  }

  @override
  Future<void> close() async => _it.close().ignore();
}

class RawSide implements Side {
  late final RawServerSocket _server;
  @override
  Future<int> listen(void Function(End) accepted, {int? at}) async {
    _server = await RawServerSocket.bind('127.0.0.1', at ?? 0,
        shared: at != null);
    _server.listen((peer) => accepted(RawEnd(peer)));
    return _server.port;
  }

  @override
  Future<End> connect(int port) async =>
      RawEnd(await RawSocket.connect(InternetAddress.loopbackIPv4, port));
  @override
  Future<void> stop() => _server.close();
}
