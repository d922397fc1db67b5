import 'dart:convert';
import 'dart:io';

import 'package:weft/weft.dart';

/// Sends words to the server and prints what it answers:
/// `dart run bin/client.dart [port] [words]`.
Future<void> main(List<String> arguments) async {
  final port = arguments.isEmpty ? 7777 : int.parse(arguments.first);
  final text = arguments.length < 2 ? 'hello' : arguments.skip(1).join(' ');
  try {
    final server = await Connection.connect('127.0.0.1', port,
        timeout: const Duration(seconds: 5));
    await server.write(utf8.encode(text));
    await server.closeWrite();
    await server.bytes.forEach(stdout.add);
    print('');
    await server.close();
  } on WeftException catch (error) {
    stderr.writeln(error);
    exitCode = 1;
  }
}
