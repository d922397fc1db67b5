import 'dart:async';
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:test/test.dart';
import 'package:weft/weft.dart';

import 'counts.dart';

/// 10,000 connections in one isolate, each with a read that waits, and as many
/// in that of a second process: fewer where WEFT_CONNECTIONS says so.
Future<void> main(List<String> arguments) async {
  if (arguments.isNotEmpty) {
    return beClient(int.parse(arguments[0]), int.parse(arguments[1]));
  }
  final count = int.parse(Platform.environment['WEFT_CONNECTIONS'] ?? '10000');
  test('$count connections at once', () async {
    final listener = await Listener.bind('0.0.0.0', 0);
    var ended = 0;
    Future<void> echo(Connection peer) async {
      for (Uint8List? data; (data = await peer.read()) != null;) {
        await peer.write(data!);
      }
      await peer.close();
      ++ended;
    }

    final client = await Process.start(Platform.resolvedExecutable, [
      '--packages=${Platform.packageConfig}',
      Platform.script.toFilePath(),
      '${listener.localPort}',
      '$count'
    ]);
    client.stderr.transform(utf8.decoder).listen(stderr.write);
    final says = StreamIterator(client.stdout
        .transform(utf8.decoder)
        .transform(const LineSplitter()));

    final before = ProcessInfo.currentRss;
    final all = [echo(await listener.accept())];
    final watch = Stopwatch()..start();
    while (all.length < count) {
      all.add(echo(await listener.accept()));
    }
    expect(await says.moveNext(), isTrue);
    expect(says.current, 'connected');
    // The last of them may not have come to its read yet.
    while (requests < count) {
      await Future<void>.delayed(const Duration(milliseconds: 1));
    }
    expect(sockets, count + 1);
    final grown = (ProcessInfo.currentRss - before) ~/ 1024;
    print('all connected after ${watch.elapsedMilliseconds} ms; '
        'the process has grown by $grown KiB');
    client.stdin.writeln('talk');
    expect(await says.moveNext(), isTrue);
    expect(says.current, 'answered');
    await Future.wait(all);
    expect(ended, count);
    expect(await client.exitCode, 0);
    await client.stdin.close().catchError((_) {});
    await says.cancel();
    await listener.close();
    print('over after ${watch.elapsedMilliseconds} ms');
    await expectNothingLeft();
  });
}

Future<void> beClient(int port, int count) async {
  final all = <Connection>[];
  while (all.length < count) {
    all.addAll(await Future.wait([
      for (var i = 0; i < 100 && all.length + i < count; ++i)
        // Several addresses: of one the ports run out for a minute.
        Connection.connect('127.0.0.${1 + (all.length + i) % 8}', port)
    ]));
  }
  final reads = [for (final each in all) each.read()];
  print('connected');
  await stdin.first;
  final message = Uint8List(64);
  for (final each in all) {
    each.write(message).ignore();
  }
  for (final answer in await Future.wait(reads)) {
    if (answer!.length != 64) {
      throw StateError('${answer.length} bytes');
    }
  }
  print('answered');
  await Future.wait([for (final each in all) each.close()]);
  await stdout.flush();
  exit(0);
}
