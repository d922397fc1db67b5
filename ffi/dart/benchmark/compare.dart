import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:weft/weft.dart';

/// The same exchanges over weft, dart:io's Socket and its RawSocket, in turns,
/// client and server in one isolate unless it says otherwise; medians.
Future<void> main() async {
  final rounds = int.parse(Platform.environment['WEFT_BENCH_ROUNDS'] ?? '5');
  for (final load in _loads) {
    final figures = {for (final side in _sides.keys) side: <double>[]};
    for (var round = 0; round < rounds; ++round) {
      for (final MapEntry(key: side, value: make) in _sides.entries) {
        figures[side]!.add(await load.run(make()));
      }
    }
    final medians = figures.map((side, all) => MapEntry(
        side, (all..sort())[all.length ~/ 2].toStringAsFixed(load.digits)));
    print('${load.name}: $medians');
  }
  exit(0);
}

/// One end of a connection, as far as the loads go.
abstract class End {
  Future<void> write(Uint8List data);

  /// Some bytes; null at the end.
  Future<Uint8List?> read();
  Future<void> close();
}

/// A way to have connections.
abstract class Side {
  Future<int> listen(void Function(End) accepted, {bool shared = false});
  Future<End> connect(int port);
  Future<void> stop();
}

final _sides = <String, Side Function()>{
  'weft': WeftSide.new,
  'Socket': SocketSide.new,
  'RawSocket': RawSide.new,
};

class Load {
  const Load(this.name, this.run, {this.digits = 0});
  final String name;
  final Future<double> Function(Side) run;
  final int digits;
}

final _loads = [
  Load('64 B round trips/s, 1 connection', (s) => _roundTrips(s, 1)),
  Load('64 B round trips/s, 50 connections', (s) => _roundTrips(s, 50)),
  Load('16 KiB, 1 in flight, MB/s', (s) => _bulk(s, 16 << 10, 1)),
  Load('256 KiB, 4 in flight, MB/s', (s) => _bulk(s, 256 << 10, 4)),
  Load('connect + accept + close /s', _connects),
];

const _time = Duration(milliseconds: 700);

Future<void> _echo(End peer) async {
  for (Uint8List? data; (data = await peer.read()) != null;) {
    await peer.write(data!);
  }
  await peer.close();
}

Future<double> _roundTrips(Side side, int connections) async {
  final port = await side.listen((peer) => _echo(peer).ignore());
  final ends = [
    for (var i = 0; i < connections; ++i) await side.connect(port)
  ];
  final watch = Stopwatch()..start();
  var done = 0;
  Future<void> client(End end) async {
    final message = Uint8List(64);
    while (watch.elapsed < _time) {
      await end.write(message);
      for (var got = 0; got < 64;) {
        got += (await end.read())!.length;
      }
      ++done;
    }
  }

  await Future.wait(ends.map(client));
  final perSecond = done / watch.elapsedMicroseconds * 1e6;
  await Future.wait([for (final end in ends) end.close()]);
  await side.stop();
  return perSecond;
}

Future<double> _bulk(Side side, int size, int inFlight) async {
  final port = await side.listen((peer) => _echo(peer).ignore());
  final end = await side.connect(port);
  final message = Uint8List(size);
  final watch = Stopwatch()..start();
  var sent = 0;
  var got = 0;
  var writing = Future<void>.value();
  while (watch.elapsed < _time) {
    while (sent - got < size * inFlight) {
      sent += size;
      writing = end.write(message)..ignore();
    }
    got += (await end.read())!.length;
  }
  final perSecond = got / watch.elapsedMicroseconds;
  await writing;
  while (got < sent) {
    got += (await end.read())!.length;
  }
  await end.close();
  await side.stop();
  return perSecond;
}

Future<double> _connects(Side side) async {
  final accepted = StreamController<End>();
  final peers = StreamIterator(accepted.stream);
  final port = await side.listen(accepted.add);
  final watch = Stopwatch()..start();
  var done = 0;
  while (watch.elapsed < _time) {
    final end = await side.connect(port);
    await peers.moveNext();
    await end.close();
    await peers.current.close();
    ++done;
  }
  final perSecond = done / watch.elapsedMicroseconds * 1e6;
  await side.stop();
  return perSecond;
}

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
  Future<int> listen(void Function(End) accepted, {bool shared = false}) async {
    _listener = await Listener.bind('127.0.0.1', 0, shared: shared);
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
  Future<int> listen(void Function(End) accepted, {bool shared = false}) async {
    _server = await ServerSocket.bind('127.0.0.1', 0, shared: shared);
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
  Future<int> listen(void Function(End) accepted, {bool shared = false}) async {
    _server = await RawServerSocket.bind('127.0.0.1', 0, shared: shared);
    _server.listen((peer) => accepted(RawEnd(peer)));
    return _server.port;
  }

  @override
  Future<End> connect(int port) async =>
      RawEnd(await RawSocket.connect(InternetAddress.loopbackIPv4, port));
  @override
  Future<void> stop() => _server.close();
}
