import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:math';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

Future<void> echo(Connection peer) => peer
    .writeAll(peer.bytes)
    .onError<WeftException>((_, __) {})
    .whenComplete(peer.close);

/// Serves an address that others share; says on what port, and stays.
Future<void> serveShared((SendPort, int) told) async {
  final (ready, port) = told;
  final listener = await Listener.bind('127.0.0.1', port, shared: true);
  ready.send(listener.localPort);
  await for (final peer in listener.connections) {
    unawaited(echo(peer));
  }
}

Future<(Isolate, int)> serverIsolate(int port) async {
  final ready = ReceivePort();
  final isolate = await Isolate.spawn(serveShared, (ready.sendPort, port));
  return (isolate, await ready.first as int);
}

Future<bool> roundTrip(int port, int size) async {
  final near = await Connection.connect('127.0.0.1', port);
  try {
    unawaited(near.write(Uint8List(size)).then((_) => near.closeWrite())
      ..ignore());
    var got = 0;
    await for (final part in near.bytes) {
      got += part.length;
    }
    return got == size;
  } finally {
    await near.close();
  }
}

/// Leaves without closing anything, with reads and accepts pending.
Future<void> leaveAll((SendPort, int) told) async {
  final (ready, port) = told;
  final listener = await Listener.bind('127.0.0.1', port);
  final near = await Connection.connect('127.0.0.1', listener.localPort);
  final far = await listener.accept();
  near.read().ignore();
  far.read().ignore();
  listener.accept().ignore();
  ready.send(listener.localPort);
}

Future<void> main() async {
  test('isolates that share an address all serve it', () async {
    final (first, port) = await serverIsolate(0);
    final others = [for (var i = 0; i < 3; ++i) await serverIsolate(port)];
    final good = await Future.wait(
        [for (var i = 0; i < 60; ++i) roundTrip(port, 1000 + i * 997)]);
    expect(good.every((g) => g), isTrue);
    for (final isolate in [first, ...others.map((o) => o.$1)]) {
      isolate.kill(priority: Isolate.immediate);
    }
  });

  test('isolates killed in the middle harm nobody', () async {
    final random = Random(7);
    final (steady, port) = await serverIsolate(0);
    for (var round = 0; round < 8; ++round) {
      final (doomed, _) = await serverIsolate(port);
      final trips = [
        for (var i = 0; i < 12; ++i)
          roundTrip(port, 1 + random.nextInt(200000))
              .onError<WeftException>((_, __) => false)
      ];
      await Future<void>.delayed(Duration(milliseconds: random.nextInt(8)));
      doomed.kill(priority: Isolate.immediate);
      // Those of the dead isolate end, too: its sockets are closed.
      await Future.wait(trips);
    }
    // The last one's listener may take a connection or two before it is closed.
    var served = false;
    for (var tries = 0; !served && tries < 200; ++tries) {
      served = await roundTrip(port, 100)
          .onError<WeftException>((_, __) => false);
    }
    expect(served, isTrue);
    steady.kill(priority: Isolate.immediate);
  });

  test('what a dead isolate left is closed, its address free', () async {
    final ready = ReceivePort();
    final gone = ReceivePort();
    final left = await Isolate.spawn(leaveAll, (ready.sendPort, 0),
        onExit: gone.sendPort);
    final port = await ready.first as int;
    left.kill(priority: Isolate.immediate);
    await gone.first;
    // The VM says that it has ended a moment before its ports are closed.
    late Listener again;
    for (var tries = 0;; ++tries) {
      try {
        again = await Listener.bind('127.0.0.1', port);
        break;
      } on WeftException {
        if (tries == 500) {
          rethrow;
        }
        await Future<void>.delayed(const Duration(milliseconds: 20));
      }
    }
    expect(again.localPort, port);
    await again.close();
  });

  test('an isolate with nothing pending ends by itself', () async {
    final gone = ReceivePort();
    await Isolate.spawn(leaveIdle, null, onExit: gone.sendPort);
    await gone.first.timeout(const Duration(seconds: 30));
  });

  test('many connections at once', () async {
    final listener = await Listener.bind('127.0.0.1', 0);
    final served = listener.connections.listen(echo);
    const count = 400;
    final near = [
      for (var i = 0; i < count; ++i)
        await Connection.connect('127.0.0.1', listener.localPort)
    ];
    final answers = [for (final c in near) c.read()];
    for (final c in near) {
      await c.write([1, 2, 3]);
    }
    for (final answer in await Future.wait(answers)) {
      expect(answer!.length, 3);
    }
    await Future.wait([for (final c in near) c.close()]);
    await served.cancel();
    await listener.close(force: true);
  });

  test('forgotten connections are closed by the collector', () async {
    final server = await ServerSocket.bind('127.0.0.1', 0);
    var ended = 0;
    final all = Completer<void>();
    server.listen((peer) => peer.listen((_) {}, onDone: () {
          peer.destroy();
          if (++ended == 5) {
            all.complete();
          }
        }, onError: (Object _) {}));
    await forget(server.port);
    // Garbage enough for the collector to come by.
    final timer = Timer.periodic(const Duration(milliseconds: 5),
        (_) => List.generate(200, (_) => Uint8List(20000)).length);
    await all.future;
    timer.cancel();
    await server.close();
  });
}

Future<void> leaveIdle(void _) async {
  final listener = await Listener.bind('127.0.0.1', 0);
  await Connection.connect('127.0.0.1', listener.localPort);
  await listener.accept();
}

Future<void> forget(int port) async {
  for (var i = 0; i < 5; ++i) {
    await Connection.connect('127.0.0.1', port);
  }
}
