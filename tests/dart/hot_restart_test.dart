import 'dart:async';
import 'dart:io';
import 'dart:isolate';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

import 'counts.dart';

typedef Addresses = ({int tcp, int udp, String path});

/// A program that has everything open, and much of it pending.
Future<void> program((SendPort, Addresses) told) async {
  final (ready, at) = told;
  final listener = await persistently(() => Listener.bind('127.0.0.1', at.tcp));
  final local = await persistently(() => Listener.bindUnix(at.path));
  final udp = await persistently(() => UdpSocket.bind('127.0.0.1', at.udp));
  udp.receive().ignore();
  local.accept().ignore();
  final kept = <Connection>[];
  for (var i = 0; i < 20; ++i) {
    final accepted = listener.accept();
    kept.add(await Connection.connect('127.0.0.1', listener.localPort));
    kept.add(await accepted);
  }
  for (final each in kept) {
    each.read().ignore();
    each.write(Uint8List(i32k)).ignore();
  }
  kept.first.write(Uint8List(6 << 20)).ignore();
  listener.accept().ignore();
  ready.send((tcp: listener.localPort, udp: udp.localPort, path: at.path));
}

const i32k = 32 << 10;

/// The VM says that an isolate has ended a moment before its ports are closed.
Future<T> persistently<T>(Future<T> Function() bind) async {
  for (var tries = 0;; ++tries) {
    try {
      return await bind();
    } on WeftException {
      if (tries == 500) {
        rethrow;
      }
      await Future<void>.delayed(const Duration(milliseconds: 5));
    }
  }
}

void main() {
  test('a program restarts at its addresses, again and again', () async {
    final directory = await Directory.systemTemp.createTemp('weft');
    Addresses at = (tcp: 0, udp: 0, path: '${directory.path}/socket');
    for (var round = 0; round < 8; ++round) {
      final ready = ReceivePort();
      final gone = ReceivePort();
      final running = await Isolate.spawn(program, (ready.sendPort, at),
          onExit: gone.sendPort);
      final now = await ready.first as Addresses;
      if (round > 0) {
        expect(now, at);
      }
      at = now;
      expect(sockets, greaterThan(42));
      running.kill(priority: Isolate.immediate);
      await gone.first;
    }
    await expectNothingLeft();
    expect(File(at.path).existsSync(), isFalse);
    await directory.delete(recursive: true);
  });

  test('after destroy everything is answered, and init starts afresh',
      () async {
    for (var round = 0; round < 5; ++round) {
      final listener = await Listener.bind('127.0.0.1', 0);
      // A peer that does not go with the library.
      final peer = await ServerSocket.bind('127.0.0.1', 0);
      final near = await Connection.connect('127.0.0.1', peer.port);
      final ends = [
        expectLater(near.read(), throwsA(isA<WeftException>())),
        expectLater(listener.accept(), throwsA(isA<WeftException>())),
        expectLater(
            near.write(Uint8List(8 << 20)), throwsA(isA<WeftException>())),
      ];
      destroy();
      await Future.wait(ends);
      expect(sockets, 0);
      initAgain();
      await peer.close();
    }
    await expectNothingLeft();
  });
}
