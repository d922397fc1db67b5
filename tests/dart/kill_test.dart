import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:math';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

import 'counts.dart';

/// Isolates that do anything with sockets are killed at any time, for
/// WEFT_KILL_SECONDS; another that is not is served all the while, and nothing
/// of theirs is left at the end.
void main() {
  final seconds = int.parse(Platform.environment['WEFT_KILL_SECONDS'] ?? '60');
  final seed = int.parse(
      Platform.environment['WEFT_SEED'] ?? '${DateTime.now().millisecond}');
  test('isolates killed at random for $seconds s (WEFT_SEED=$seed)', () async {
    final random = Random(seed);
    final directory = await Directory.systemTemp.createTemp('weft');
    final listener = await Listener.bind('127.0.0.1', 0, shared: true);
    listener.connections.listen((peer) => echo(peer));
    final setting = (listener.localPort, directory.path);

    final alive = <Isolate>[];
    final watch = Stopwatch()..start();
    var killed = 0;
    var served = 0;
    var trips = 0;
    while (watch.elapsed < Duration(seconds: seconds)) {
      if (alive.length < 6) {
        alive.add(await Isolate.spawn(
            live, (setting.$1, setting.$2, random.nextInt(1 << 30))));
      }
      await Future<void>.delayed(Duration(milliseconds: random.nextInt(25)));
      if (alive.isNotEmpty && random.nextBool()) {
        alive.removeAt(random.nextInt(alive.length)).kill(
            priority: random.nextBool()
                ? Isolate.immediate
                : Isolate.beforeNextEvent);
        ++killed;
      }
      if (trips < 20) {
        ++trips;
        isServed(listener.localPort).then((good) {
          --trips;
          served += good ? 1 : 0;
        });
      }
    }
    for (final isolate in alive) {
      isolate.kill(priority: Isolate.immediate);
    }
    print('$killed killed, $served round trips of the one that lives; '
        '$sockets sockets are open');
    expect(killed, greaterThan(0));
    expect(served, greaterThan(0));
    while (trips > 0) {
      await Future<void>.delayed(const Duration(milliseconds: 10));
    }
    await listener.close(force: true);
    final end = Stopwatch()..start();
    await expectNothingLeft();
    print('all was given back after ${end.elapsedMilliseconds} ms');
    await directory.delete(recursive: true);
  }, seconds: seconds + 180);
}

Future<void> echo(Connection peer) => peer
    .writeAll(peer.bytes)
    .onError<WeftException>((_, __) {})
    .whenComplete(peer.close);

/// A round trip with the port, which isolates that die may have taken.
Future<bool> isServed(int port) async {
  try {
    final near = await Connection.connect(InternetAddress.loopbackIPv4, port,
        timeout: const Duration(seconds: 1));
    try {
      await near.write([1, 2, 3]);
      final got = await near.read(timeout: const Duration(seconds: 1));
      return got != null && got.length == 3;
    } finally {
      await near.close();
    }
  } on WeftException {
    return false;
  }
}

/// Does anything, and closes little.
Future<void> live((int, String, int) told) async {
  final (port, directory, seed) = told;
  final random = Random(seed);
  final kept = <Object>[];
  for (;;) {
    try {
      await act(random, port, directory, kept);
    } on WeftException {
      // Others die meanwhile, and take their ends with them.
    }
    if (kept.length > 60) {
      kept.removeRange(0, random.nextInt(60));
    }
    await Future<void>.delayed(Duration.zero);
  }
}

Future<void> act(
    Random random, int port, String directory, List<Object> kept) async {
  switch (random.nextInt(9)) {
    case 0:
      final shared = await Listener.bind('127.0.0.1', port, shared: true);
      shared.connections
          .listen(echo, onError: (Object _) {}, cancelOnError: true);
      kept.add(shared);
    case 1:
      final path = '$directory/${random.nextInt(20)}';
      final local = await Listener.bindUnix(path);
      local.accept().then(echo).ignore();
      kept.addAll([local, await Connection.connectUnix(path)]);
    case 2:
      final a = await UdpSocket.bind('127.0.0.1', 0);
      final b = await UdpSocket.bind('127.0.0.1', 0);
      b.receive().ignore();
      await a.send(Uint8List(random.nextInt(9000)),
          InternetAddress.loopbackIPv4, b.localPort);
      kept.addAll([a, b]);
    case 3:
      final a =
          await UnixDatagramSocket.bind('$directory/d${random.nextInt(9)}');
      final b = await UnixDatagramSocket.bind();
      a.receive().ignore();
      for (var i = random.nextInt(20); i > 0; --i) {
        b
            .send(Uint8List(random.nextInt(9000)), a.localAddress.address)
            .ignore();
      }
      kept.addAll([a, b]);
    case 4:
      final near = await Connection.connect('127.0.0.1', port);
      near.write(Uint8List(1 << 20)).ignore();
      near.read().ignore();
      await near.close();
    default:
      final near = await Connection.connect('127.0.0.1', port);
      for (var i = random.nextInt(5); i > 0; --i) {
        near.write(Uint8List(1 + random.nextInt(100000))).ignore();
        near.read().then((data) => kept.add(data ?? near)).ignore();
      }
      kept.add(near);
  }
}
