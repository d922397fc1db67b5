import 'dart:async';
import 'dart:io';
import 'dart:isolate';

import 'package:weft/weft.dart';

/// Echoes what comes: `dart run bin/server.dart [port] [isolates]`.
Future<void> main(List<String> arguments) async {
  final port = arguments.isEmpty ? 7777 : int.parse(arguments.first);
  final isolates = arguments.length < 2 ? 1 : int.parse(arguments[1]);

  // The system deals out the connections among those who share the address.
  final listener = await Listener.bind('127.0.0.1', port, shared: true);
  for (var i = 1; i < isolates; ++i) {
    await Isolate.spawn(serveWith, listener.localPort);
  }
  ProcessSignal.sigint.watch().first.then((_) {
    print('stopped');
    exit(0);
  }).ignore();
  print('listening on 127.0.0.1:${listener.localPort}');
  await serve(listener);
}

Future<void> serveWith(int port) async =>
    serve(await Listener.bind('127.0.0.1', port, shared: true));

Future<void> serve(Listener listener) async {
  await for (final peer in listener.connections) {
    unawaited(echo(peer));
  }
}

Future<void> echo(Connection peer) async {
  const patience = Duration(seconds: 30);
  try {
    for (;;) {
      final data = await peer.read(timeout: patience);
      if (data == null) {
        break;
      }
      await peer.write(data, timeout: patience);
    }
  } on WeftException catch (error) {
    print('${peer.remotePort}: $error');
  } finally {
    await peer.close();
  }
}
