import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

final localhost = InternetAddress.loopbackIPv4;

Future<UdpSocket> bind() => UdpSocket.bind(localhost, 0);

void main() {
  test('datagrams keep their bounds and tell who has sent them', () async {
    final a = await bind();
    final b = await UdpSocket.bind('127.0.0.1', 0);
    for (final size in [3, 0, 1400, 60000]) {
      final sent = Uint8List.fromList(List.generate(size, (i) => i % 251));
      await a.send(sent, localhost, b.localPort);
      final got = await b.receive();
      expect(got.data, equals(sent));
      expect(got.address, localhost);
      expect(got.port, a.localPort);
    }
    await a.send([1, 2, 3, 4], localhost, b.localPort, start: 1, end: 3);
    expect((await b.receive()).data, equals([2, 3]));
    expect(a.localAddress, localhost);
    await a.close();
    await b.close();
    await b.close();
  });

  test('a stream of datagrams goes on until the socket is closed', () async {
    final a = await bind();
    final b = await bind();
    var sum = 0;
    var count = 0;
    final done = Completer<void>();
    b.datagrams.listen((datagram) {
      sum += datagram.data.single;
      if (++count == 100) {
        b.close().ignore();
      }
    }, onDone: done.complete);
    for (var i = 0; i < 100; ++i) {
      await a.send([i], localhost, b.localPort);
    }
    await done.future;
    expect(sum, 4950);
    await a.close();
  });

  test('a receive that ends early loses nothing', () async {
    final a = await bind();
    final b = await bind();
    await expectLater(b.receive(timeout: const Duration(milliseconds: 10)),
        throwsA(isA<WeftTimeoutException>()));
    final token = CancelToken();
    final cancelled = expectLater(
        b.receive(cancel: token), throwsA(isA<WeftCancelledException>()));
    token.cancel();
    await cancelled;
    await expectLater(a.send([99], localhost, b.localPort, cancel: token),
        throwsA(isA<WeftCancelledException>()));
    for (var i = 0; i < 40; ++i) {
      await a.send([i], localhost, b.localPort);
    }
    for (var i = 0; i < 40; ++i) {
      expect((await b.receive()).data, equals([i]));
    }
    await a.close();
    await b.close();
  });

  test('who stops listening loses no datagram', () async {
    final a = await bind();
    final b = await bind();
    final got = <int>[];
    var next = 0;
    while (got.length < 20) {
      final some = Completer<void>();
      final heard = b.datagrams.listen((datagram) {
        got.add(datagram.data.single);
        if (got.length.isEven) {
          some.complete();
        }
      });
      await a.send([next++], localhost, b.localPort);
      await a.send([next++], localhost, b.localPort);
      await some.future;
      await heard.cancel();
    }
    expect(got, equals(List.generate(20, (i) => i)));
    await a.close();
    await b.close();
  });

  test('close fails what waits, and what comes later', () async {
    final a = await bind();
    final failed = expectLater(a.receive(), throwsA(isA<WeftException>()));
    await a.close();
    await failed;
    await expectLater(a.receive(), throwsA(isA<WeftException>()));
    await expectLater(
        a.send([1], localhost, 9), throwsA(isA<WeftException>()));
  });

  test('what does not fit a datagram is refused', () async {
    final a = await bind();
    await expectLater(a.send(Uint8List(UdpSocket.longest + 1), localhost, 9),
        throwsA(isA<WeftException>()));
    await expectLater(UdpSocket.bind('127.0.0.1', a.localPort),
        throwsA(isA<WeftException>()));
    await a.close();
  });

  test('options, and a group', () async {
    final a = await UdpSocket.bind('0.0.0.0', 0);
    expect(a.broadcast, isFalse);
    a.broadcast = true;
    expect(a.broadcast, isTrue);
    a.multicastHops = 3;
    expect(a.multicastHops, 3);
    expect(a.multicastLoop, isTrue);
    final loopback = (await NetworkInterface.list(includeLoopback: true))
        .firstWhere((i) => i.addresses.any((address) => address.isLoopback));
    final group = InternetAddress('239.7.7.7');
    a.join(group, on: loopback);
    a.leave(group, on: loopback);
    await a.close();
  });

  test('dart:io talks to it', () async {
    final a = await bind();
    final other = await RawDatagramSocket.bind(localhost, 0);
    final heard = Completer<Datagram>();
    other.listen((event) {
      final got = event == RawSocketEvent.read ? other.receive() : null;
      if (got != null) {
        heard.complete(got);
      }
    });
    other.send([1, 2], localhost, a.localPort);
    final got = await a.receive();
    expect(got.data, equals([1, 2]));
    await a.send([3], got.address, got.port);
    expect((await heard.future).data, equals([3]));
    other.close();
    await a.close();
  });
}
