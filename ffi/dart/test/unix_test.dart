import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

Future<void> talk(Listener listener, Future<Connection> connecting) async {
  final accepted = listener.accept();
  final near = await connecting;
  final far = await accepted;
  final sent = Uint8List.fromList(List.generate(300000, (i) => i % 251));
  near.write(sent).then((_) => near.closeWrite()).ignore();
  final got = BytesBuilder(copy: false);
  await for (final part in far.bytes) {
    got.add(part);
  }
  expect(got.takeBytes(), equals(sent));
  await near.close();
  await far.close();
}

void main() {
  late final Directory directory;
  test('connections by a path', () async {
    directory = await Directory.systemTemp.createTemp('weft');
    final path = '${directory.path}/socket';
    final listener = await Listener.bindUnix(path, mode: 0x180);
    expect(listener.localAddress.address, path);
    expect(listener.localAddress.type, InternetAddressType.unix);
    expect(listener.localPort, 0);
    expect(FileStat.statSync(path).mode & 0x1ff, 0x180);
    await talk(listener, Connection.connectUnix(path));
    final address = InternetAddress(path, type: InternetAddressType.unix);
    await talk(listener, Connection.connect(address, 0));
    await expectLater(
        Listener.bindUnix(path), throwsA(isA<WeftException>()));
    await listener.close();
    expect(FileSystemEntity.typeSync(path), FileSystemEntityType.notFound);
    await expectLater(
        Connection.connectUnix(path), throwsA(isA<WeftException>()));
  });

  test('connections by an abstract name', () async {
    final name = '@weft.${directory.path}';
    final listener = await Listener.bindUnix(name);
    expect(listener.localAddress.address, name);
    await talk(listener, Connection.connectUnix(name));
    await listener.close();
  });

  test('time-outs, cancellation, a name that is too long', () async {
    final path = '${directory.path}/other';
    final address = InternetAddress(path, type: InternetAddressType.unix);
    final listener = await Listener.bind(address, 0);
    await expectLater(listener.accept(timeout: const Duration(milliseconds: 9)),
        throwsA(isA<WeftTimeoutException>()));
    final token = CancelToken()..cancel();
    await expectLater(Connection.connectUnix(path, cancel: token),
        throwsA(isA<WeftCancelledException>()));
    await expectLater(
        Listener.bindUnix('${directory.path}/${'x' * 200}'),
        throwsA(isA<WeftException>()));
    await talk(listener, Connection.connectUnix(path));
    await listener.close();
  });

  test('dart:io talks to it', () async {
    final path = '${directory.path}/io';
    final listener = await Listener.bindUnix(path);
    final served = listener.accept().then((peer) async {
      await peer.writeAll(peer.bytes);
      await peer.close();
    });
    final socket = await Socket.connect(
        InternetAddress(path, type: InternetAddressType.unix), 0);
    socket.add(Uint8List(100000));
    final echoed = socket.fold<int>(0, (sum, part) => sum + part.length);
    await socket.flush();
    socket.close().ignore();
    expect(await echoed, 100000);
    await served;
    await listener.close();
    await directory.delete(recursive: true);
  });
}
