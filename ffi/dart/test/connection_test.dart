import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

/// Both ends of a connection.
Future<(Connection, Connection)> pair() async {
  final listener = await Listener.bind('127.0.0.1', 0);
  final accepted = listener.accept();
  final near = await Connection.connect('127.0.0.1', listener.localPort);
  final far = await accepted;
  await listener.close();
  return (near, far);
}

Uint8List pattern(int size) =>
    Uint8List.fromList(List.generate(size, (i) => i % 251));

Future<Uint8List> readAll(Connection from) async {
  final all = BytesBuilder(copy: false);
  await for (final part in from.bytes) {
    all.add(part);
  }
  return all.takeBytes();
}

void main() {
  test('what is written is read', () async {
    final (near, far) = await pair();
    await near.write([1, 2, 3, 4], start: 1, end: 3);
    expect(await far.read(), equals([2, 3]));
    await far.write(pattern(10));
    expect(await near.read(), equals(pattern(10)));
    await near.close();
    expect(await far.read(), isNull);
    expect(await far.read(), isNull);
    await far.close();
    await far.close();
  });

  test('writes that are not awaited stay in order, the end after them',
      () async {
    final (near, far) = await pair();
    final sent = BytesBuilder();
    for (var i = 0; i < 300; ++i) {
      final part = pattern(1 + i * 77 % 50000);
      sent.add(part);
      near.write(part).ignore();
    }
    near.closeWrite().ignore();
    expect(await readAll(far), equals(sent.takeBytes()));
    await near.close();
    await far.close();
  });

  test('a writer waits when too much is unsent, and nothing is lost', () async {
    final (near, far) = await pair();
    final block = pattern(1 << 20);
    final written = [for (var i = 0; i < 60; ++i) near.write(block)];
    final all = Future.wait(written).then((_) => near.closeWrite());
    var size = 0;
    await for (final part in far.bytes) {
      size += part.length;
    }
    await all;
    expect(size, 60 << 20);
    await near.close();
    await far.close();
  });

  test('a listener that pauses the stream gets nothing meanwhile', () async {
    final (near, far) = await pair();
    near.write(pattern(5 << 20)).then((_) => near.close()).ignore();
    var size = 0;
    final done = Completer<void>();
    late final StreamSubscription<Uint8List> subscription;
    subscription = far.bytes.listen((part) {
      size += part.length;
      subscription.pause(Future<void>.delayed(Duration.zero));
    }, onDone: done.complete);
    await done.future;
    expect(size, 5 << 20);
    await far.close();
  });

  test('a read that times out loses nothing', () async {
    final (near, far) = await pair();
    await expectLater(far.read(timeout: const Duration(milliseconds: 10)),
        throwsA(isA<WeftTimeoutException>()));
    await near.write([1]);
    expect(await far.read(timeout: const Duration(seconds: 30)), equals([1]));
    await near.close();
    await far.close();
  });

  test('a cancelled read loses nothing, and a cancelled token stays so',
      () async {
    final (near, far) = await pair();
    final token = CancelToken();
    final read = far.read(cancel: token);
    token.cancel();
    await expectLater(read, throwsA(isA<WeftCancelledException>()));
    await expectLater(
        far.read(cancel: token), throwsA(isA<WeftCancelledException>()));
    await near.write([2]);
    expect(await far.read(), equals([2]));
    await near.close();
    await far.close();
  });

  test('close fails what waits', () async {
    final (near, far) = await pair();
    final read = near.read();
    final failed = expectLater(read, throwsA(isA<WeftException>()));
    await near.close();
    await failed;
    await expectLater(near.read(), throwsA(isA<WeftException>()));
    try {
      await near.write([1]);
      expect(true, isFalse);
    } on WeftException catch (error) {
      expect(error.osError, isNull);
    }
    await far.close();
  });

  test('addresses and options', () async {
    final (near, far) = await pair();
    expect(near.remoteAddress, InternetAddress.loopbackIPv4);
    expect(near.localPort, far.remotePort);
    expect(near.remotePort, far.localPort);
    near.noDelay = true;
    expect(near.noDelay, isTrue);
    near.keepAlive = true;
    expect(near.keepAlive, isTrue);
    expect(far.keepAlive, isFalse);
    await near.close();
    await far.close();
  });

  test('failures say what was asked for', () async {
    final listener = await Listener.bind('127.0.0.1', 0);
    final port = listener.localPort;
    try {
      await Listener.bind('127.0.0.1', port);
      expect(true, isFalse);
    } on WeftException catch (error) {
      expect(error.osError!.errorCode, 98);
      expect(error.osError!.message, 'Address already in use');
    }
    final accept = expectLater(
        listener.accept(), throwsA(isA<WeftException>()));
    await listener.close();
    await accept;
    try {
      await Connection.connect('127.0.0.1', port);
      expect(true, isFalse);
    } on WeftException catch (error) {
      expect(
          error.toString(),
          'WeftException: connect 127.0.0.1:$port: the connection could not '
          'be made: Connection refused (errno 111)');
    }
  });

  test('dart:io talks to it, both ways', () async {
    final listener = await Listener.bind(InternetAddress.loopbackIPv4, 0);
    final served = listener.accept().then((peer) async {
      await peer.writeAll(peer.bytes);
      await peer.close();
    });
    final socket = await Socket.connect('127.0.0.1', listener.localPort);
    socket.add(pattern(300000));
    final echoed = socket.fold<int>(0, (sum, part) => sum + part.length);
    await socket.flush();
    socket.close().ignore();
    expect(await echoed, 300000);
    await served;
    await listener.close();

    final server = await ServerSocket.bind('127.0.0.1', 0);
    server.listen((peer) => peer.addStream(peer).then((_) => peer.close()));
    final near = await Connection.connect('localhost', server.port);
    await near.write(pattern(1000));
    await near.closeWrite();
    expect(await readAll(near), equals(pattern(1000)));
    await near.close();
    await server.close();
  });

  test('IPv6, where there is any', () async {
    final Listener listener;
    try {
      listener = await Listener.bind('::1', 0, v6Only: true);
    } on WeftException {
      return;
    }
    final accepted = listener.accept();
    final near = await Connection.connect('::1', listener.localPort);
    final far = await accepted;
    expect(near.remoteAddress, InternetAddress.loopbackIPv6);
    await listener.close();
    await near.close();
    await far.close();
  });
}
