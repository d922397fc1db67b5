import 'dart:async';
import 'dart:isolate';

import 'sides.dart';

const _isolates = 4;
const _connectionsOfEach = 10;

/// Isolates that share one address: each serves it, and each has clients, whom
/// any of them may serve.
Future<double> isolatesRoundTrips(String side) async {
  final told = ReceivePort();
  final from = StreamIterator(told);
  Future<Object> next() async {
    await from.moveNext();
    return from.current as Object;
  }

  final to = <SendPort>[];
  var port = 0;
  for (var i = 0; i < _isolates; ++i) {
    await Isolate.spawn(_work, (side, port, told.sendPort));
    final (mine, at) = await next() as (SendPort, int);
    to.add(mine);
    port = at;
  }
  Future<List<Object>> all() async {
    for (final each in to) {
      each.send(null);
    }
    return [for (var i = 0; i < _isolates; ++i) await next()];
  }

  await all(); // all are connected
  final perSecond = await all();
  await all(); // and no more
  told.close();
  return perSecond.fold<double>(0, (sum, each) => sum + (each as double));
}

Future<void> _work((String, int, SendPort) told) async {
  final (name, at, to) = told;
  final turns = ReceivePort();
  final turn = StreamIterator(turns);
  final side = sides[name]!();
  final port = await side.listen((peer) => echo(peer).ignore(), at: at);
  to.send((turns.sendPort, port));

  await turn.moveNext();
  final ends = [
    for (var i = 0; i < _connectionsOfEach; ++i) await side.connect(port)
  ];
  to.send(true);

  await turn.moveNext();
  final watch = Stopwatch()..start();
  final done = await Future.wait([for (final end in ends) ask(end, watch)]);
  to.send(done.fold<int>(0, (sum, each) => sum + each) /
      watch.elapsedMicroseconds *
      1e6);

  await turn.moveNext();
  await Future.wait([for (final end in ends) end.close()]);
  await side.stop();
  Isolate.exit(to, true);
}
