import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

/// What ends early, by a time-out or a token, and what is left then.

const soon = Duration(milliseconds: 10);
final timesOut = throwsA(isA<WeftTimeoutException>());
final isCancelled = throwsA(isA<WeftCancelledException>());

Future<(Connection, Connection)> pair() async {
  final listener = await Listener.bind('127.0.0.1', 0);
  final accepted = listener.accept();
  final near = await Connection.connect('127.0.0.1', listener.localPort);
  final far = await accepted;
  await listener.close();
  return (near, far);
}

/// Writes until nothing more is taken at once, not even by the library's own
/// queue; what it wrote.
List<Future<void>> fill(Connection to, {int blocks = 24}) {
  final block = Uint8List(1 << 20);
  return [for (var i = 0; i < blocks; ++i) to.write(block)];
}

Future<int> sizeOfRest(Connection from) =>
    from.bytes.fold(0, (sum, part) => sum + part.length);

void main() {
  for (final (where, blocks) in [('the library', 8), ('the isolate', 24)]) {
    test('a write that waits in $where is taken back', () async {
      final (near, far) = await pair();
      final written = fill(near, blocks: blocks);
      await expectLater(near.write(Uint8List(1000), timeout: soon), timesOut);
      final token = CancelToken();
      final write = near.write(Uint8List(1000), cancel: token);
      final after = near.write(Uint8List(7));
      final cancelled = expectLater(write, isCancelled);
      token.cancel();
      await cancelled;
      await expectLater(near.write([1], cancel: token), isCancelled);
      final end = Future.wait([...written, after])
          .then((_) => near.closeWrite(timeout: const Duration(seconds: 30)));
      expect(await sizeOfRest(far), (blocks << 20) + 7);
      await end;
      await near.close();
      await far.close();
    });
  }

  test('a write of which a part is out goes on to its end', () async {
    final (near, far) = await pair();
    await expectLater(near.write(Uint8List(8 << 20), timeout: soon), timesOut);
    near.write([1]).then((_) => near.closeWrite()).ignore();
    expect(await sizeOfRest(far), (8 << 20) + 1);
    await near.close();
    await far.close();
  });

  test('the end of a stream that must wait is taken back', () async {
    final (near, far) = await pair();
    final written = fill(near, blocks: 8);
    await expectLater(near.closeWrite(timeout: soon), timesOut);
    final token = CancelToken();
    final cancelled = expectLater(near.closeWrite(cancel: token), isCancelled);
    token.cancel();
    await cancelled;
    final rest = sizeOfRest(far);
    await Future.wait(written);
    await near.write([1]);
    await near.closeWrite();
    expect(await rest, (8 << 20) + 1);
    await near.close();
    await far.close();
  });

  test('writing all ends early, and leaves its source', () async {
    final (near, far) = await pair();
    final source = StreamController<List<int>>();
    source.add([1, 2]);
    await expectLater(near.writeAll(source.stream, timeout: soon), timesOut);
    expect(source.hasListener, isFalse);
    final token = CancelToken();
    final from = far.writeAll(near.bytes, cancel: token);
    final cancelled = expectLater(from, isCancelled);
    token.cancel();
    await cancelled;
    await expectLater(far.writeAll(near.bytes, cancel: token), isCancelled);
    expect(await far.read(), equals([1, 2]));
    // Nothing that came later is lost with it.
    await far.write([3]);
    expect(await near.read(), equals([3]));
    await near.close();
    await far.close();
  });

  test('who stops listening to a stream loses nothing', () async {
    final (near, far) = await pair();
    final first = near.bytes.listen((_) {});
    await first.cancel();
    await far.write([1]);
    expect(await near.bytes.first, equals([1]));
    await far.write([2]);
    expect(await near.read(), equals([2]));
    await near.close();
    await far.close();
  });

  test('connects end early, and what they began goes with them', () async {
    // Nobody accepts: the ones that find no room in the queue hear nothing.
    final listener = await Listener.bind('127.0.0.1', 0, backlog: 1);
    final made = <Connection>[];
    final host = InternetAddress.loopbackIPv4;
    try {
      for (;;) {
        made.add(await Connection.connect(host, listener.localPort,
            timeout: const Duration(milliseconds: 300)));
      }
    } on WeftTimeoutException catch (error) {
      expect(error.duration, const Duration(milliseconds: 300));
    }
    final token = CancelToken();
    final cancelled = expectLater(
        Connection.connect(host, listener.localPort, cancel: token),
        isCancelled);
    token.cancel();
    await cancelled;
    await Future.wait([for (final each in made) each.close()]);
    await listener.close();
  });

  test('a cancelled token ends looking up a name', () async {
    final token = CancelToken()..cancel();
    await expectLater(
        Connection.connect('localhost', 9, cancel: token), isCancelled);
    await expectLater(
        Listener.bind('localhost', 0, cancel: token), isCancelled);
    await expectLater(
        UdpSocket.bind('localhost', 0, cancel: token), isCancelled);
  });
}
