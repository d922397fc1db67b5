import 'dart:convert';
import 'dart:io';

import 'package:weft/weft.dart';

/// Answers each datagram with the time of day, and asks itself once:
/// `dart run example/udp_time.dart [port]`.
Future<void> main(List<String> arguments) async {
  final port = arguments.isEmpty ? 0 : int.parse(arguments.first);
  final server = await UdpSocket.bind('127.0.0.1', port);
  print('answering on 127.0.0.1:${server.localPort}');
  server.datagrams.listen((asked) {
    final now = DateTime.now().toIso8601String();
    server.send(utf8.encode(now), asked.address, asked.port).ignore();
  });

  final client = await UdpSocket.bind('127.0.0.1', 0);
  await client.send([], InternetAddress.loopbackIPv4, server.localPort);
  final answer = await client.receive(timeout: const Duration(seconds: 5));
  print('it is ${utf8.decode(answer.data)}');
  await client.close();
  if (arguments.isEmpty) {
    await server.close();
  }
}
