import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'isolates.dart';
import 'sides.dart';

/// The same exchanges over weft, dart:io's Socket and its RawSocket, in turns,
/// client and server in one isolate unless it says otherwise; medians.
Future<void> main() async {
  final rounds = int.parse(Platform.environment['WEFT_BENCH_ROUNDS'] ?? '5');
  for (final load in _loads) {
    final figures = {for (final side in sides.keys) side: <double>[]};
    for (var round = 0; round < rounds; ++round) {
      for (final side in sides.keys) {
        figures[side]!.add(await load.run(side));
      }
    }
    final medians = figures.map((side, all) => MapEntry(
        side, (all..sort())[all.length ~/ 2].toStringAsFixed(load.digits)));
    print('${load.name}: $medians');
  }
  exit(0);
}

class Load {
  const Load(this.name, this.run, {this.digits = 0});
  final String name;
  final Future<double> Function(String side) run;
  final int digits;
}

final _loads = [
  Load('64 B round trips/s, 1 connection', (s) => _roundTrips(sides[s]!(), 1)),
  Load('64 B round trips/s, 50 connections',
      (s) => _roundTrips(sides[s]!(), 50)),
  Load('16 KiB, 1 in flight, MB/s', (s) => _bulk(sides[s]!(), 16 << 10, 1)),
  Load('256 KiB, 4 in flight, MB/s', (s) => _bulk(sides[s]!(), 256 << 10, 4)),
  Load('connect + accept + close /s', (s) => _connects(sides[s]!())),
  const Load('64 B round trips/s, 4 isolates, 40 connections',
      isolatesRoundTrips),
];

Future<double> _roundTrips(Side side, int connections) async {
  final port = await side.listen((peer) => echo(peer).ignore());
  final ends = [
    for (var i = 0; i < connections; ++i) await side.connect(port)
  ];
  final watch = Stopwatch()..start();
  final done = await Future.wait([for (final end in ends) ask(end, watch)]);
  final perSecond = done.fold<int>(0, (sum, each) => sum + each) /
      watch.elapsedMicroseconds *
      1e6;
  await Future.wait([for (final end in ends) end.close()]);
  await side.stop();
  return perSecond;
}

Future<double> _bulk(Side side, int size, int inFlight) async {
  final port = await side.listen((peer) => echo(peer).ignore());
  final end = await side.connect(port);
  final message = Uint8List(size);
  final watch = Stopwatch()..start();
  var sent = 0;
  var got = 0;
  var writing = Future<void>.value();
  while (watch.elapsed < time) {
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
  while (watch.elapsed < time) {
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
