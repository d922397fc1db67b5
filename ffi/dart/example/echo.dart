import 'package:weft/weft.dart';

/// Echoes what comes: `dart run example/echo.dart [port]`.
Future<void> main(List<String> arguments) async {
  final port = arguments.isEmpty ? 7777 : int.parse(arguments.first);
  final listener = await Listener.bind('127.0.0.1', port);
  print('listening on 127.0.0.1:${listener.localPort}');
  await for (final peer in listener.connections) {
    peer
        .writeAll(peer.bytes)
        .onError<WeftException>((error, _) => print(error))
        .whenComplete(peer.close);
  }
}
