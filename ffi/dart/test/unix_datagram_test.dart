import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

const soon = Duration(milliseconds: 10);

/// Sends until one has to wait; those that did not, as a number.
Future<int> fill(UnixDatagramSocket from, String to) async {
  for (var sent = 0;; ++sent) {
    try {
      await from.send([sent], to, timeout: const Duration(seconds: 1));
    } on WeftTimeoutException {
      return sent;
    }
  }
}

Future<void> main() async {
  final directory = await Directory.systemTemp.createTemp('weft');
  String path(String name) => '${directory.path}/$name';

  test('datagrams keep their bounds and tell who has sent them', () async {
    for (final prefix in [directory.path, '@weft.${directory.path}']) {
      final a = await UnixDatagramSocket.bind('$prefix/a');
      final b = await UnixDatagramSocket.bind('$prefix/b');
      expect(a.localAddress.address, '$prefix/a');
      for (final size in [3, 0, 1400, UnixDatagramSocket.longest]) {
        final sent = Uint8List.fromList(List.generate(size, (i) => i % 251));
        await a.send(sent, '$prefix/b');
        final got = await b.receive();
        expect(got.data, equals(sent));
        expect(got.from, '$prefix/a');
      }
      await a.send([1, 2, 3, 4], '$prefix/b', start: 1, end: 3);
      expect((await b.receive()).data, equals([2, 3]));
      final unnamed = await UnixDatagramSocket.bind();
      await unnamed.send([5], '$prefix/b');
      expect((await b.receive()).from, isNull);
      await Future.wait([for (final each in [a, b, unnamed]) each.close()]);
    }
    expect(FileSystemEntity.typeSync(path('a')), FileSystemEntityType.notFound);
  });

  test('a sender waits for its receiver, and nothing is lost', () async {
    final a = await UnixDatagramSocket.bind();
    final b = await UnixDatagramSocket.bind(path('slow'));
    var next = 0;
    final received = Completer<void>();
    final sent = [for (var i = 0; i < 100; ++i) a.send([i], path('slow'))];
    b.datagrams.listen((datagram) {
      expect(datagram.data, equals([next++]));
      if (next == 100) {
        received.complete();
      }
    });
    await Future.wait(sent);
    await received.future;
    await a.close();
    await b.close();
  });

  test('a send that waits is taken back by time and by token', () async {
    final a = await UnixDatagramSocket.bind();
    final b = await UnixDatagramSocket.bind(path('full'));
    final c = await UnixDatagramSocket.bind(path('free'));
    final sent = await fill(a, path('full'));
    final token = CancelToken();
    final cancelled = expectLater(a.send([99], path('full'), cancel: token),
        throwsA(isA<WeftCancelledException>()));
    final behind = a.send([7], path('free'));
    token.cancel();
    await cancelled;
    await behind;
    expect((await c.receive()).data, equals([7]));
    for (var i = 0; i < sent; ++i) {
      expect((await b.receive()).data, equals([i]));
    }
    await expectLater(
        b.receive(timeout: soon), throwsA(isA<WeftTimeoutException>()));
    await expectLater(
        b.receive(cancel: token), throwsA(isA<WeftCancelledException>()));
    await a.send([1], path('full'));
    expect((await b.receive()).data, equals([1]));
    await Future.wait([for (final each in [a, b, c]) each.close()]);
  });

  test('closing fails what waits; what cannot be is refused', () async {
    final a = await UnixDatagramSocket.bind(path('a'), 0x180);
    expect(FileStat.statSync(path('a')).mode & 0x1ff, 0x180);
    await expectLater(
        UnixDatagramSocket.bind(path('a')), throwsA(isA<WeftException>()));
    await expectLater(UnixDatagramSocket.bind(path('x' * 200)),
        throwsA(isA<WeftException>()));
    await expectLater(
        a.send([1], path('nobody')), throwsA(isA<WeftException>()));
    await expectLater(
        a.send(Uint8List(UnixDatagramSocket.longest + 1), path('a')),
        throwsA(isA<WeftException>()));
    final failed = expectLater(a.receive(), throwsA(isA<WeftException>()));
    await a.close();
    await failed;
    await expectLater(a.receive(), throwsA(isA<WeftException>()));
    await expectLater(a.send([1], path('a')), throwsA(isA<WeftException>()));
    await directory.delete(recursive: true);
  });
}
