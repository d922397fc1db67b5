import 'dart:async';
import 'dart:ffi';
import 'dart:isolate';
import 'dart:typed_data';

import 'package:test/test.dart';

/// The C interface as a program for the package zig_tcp uses it: by `@Native`,
/// with the library preloaded, and with requests and answers of its own.

@Native<Int64 Function(Pointer<Void>)>(symbol: 'tcp_init')
external int tcpInit(Pointer<Void> api);
@Native<Void Function(Handle, Int64)>(symbol: 'tcp_attach_release')
external void tcpAttachRelease(Object object, int handle);
@Native<
    Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64, Pointer<Uint8>,
        Int64, Int64)>(symbol: 'tcp_connect')
external int tcpConnect(int port, int id, Pointer<Uint8> address, int length,
    int number, Pointer<Uint8> source, int sourceLength, int sourcePort);
@Native<
    Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64, Bool, Int64,
        Bool)>(symbol: 'tcp_listen')
external int tcpListen(int port, int id, Pointer<Uint8> address, int length,
    int number, bool v6Only, int backlog, bool shared);
@Native<Int64 Function(Int64, Int64)>(symbol: 'tcp_accept_loop')
external int tcpAcceptLoop(int port, int listener);
@Native<Int64 Function(Int64, Int64)>(symbol: 'tcp_read')
external int tcpRead(int id, int handle);
@Native<Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64)>(
    symbol: 'tcp_write')
external int tcpWrite(
    int id, int handle, Pointer<Uint8> data, int offset, int count);
@Native<Int64 Function(Int64, Int64)>(symbol: 'tcp_close')
external int tcpClose(int id, int handle);
@Native<Int64 Function(Int64, Int64, Bool)>(symbol: 'tcp_listener_close')
external int tcpListenerClose(int id, int listener, bool force);
@Native<Int64 Function(Int64)>(symbol: 'tcp_get_local_port')
external int tcpGetLocalPort(int handle);

@Native<Pointer<Uint8> Function(Size)>(symbol: 'malloc')
external Pointer<Uint8> malloc(int size);

final port = RawReceivePort();
final asked = <int, Completer<(int, Uint8List?)>>{};
var nextId = 0;

Future<(int, Uint8List?)> ask(int Function(int id) call) {
  final id = nextId++;
  final answer = asked[id] = Completer();
  final code = call(id);
  if (code < 0) {
    asked.remove(id);
    return Future.value((code, null));
  }
  return answer.future;
}

void main() {
  port.handler = (List<Object?> message) {
    final [id as int, result as int, data as Uint8List?] = message;
    asked.remove(id)?.complete((result, data));
  };
  final native = port.sendPort.nativePort;
  final localhost = malloc(4)..asTypedList(4).setAll(0, [127, 0, 0, 1]);

  test('connect, accept loop, read, write, close', () async {
    expect(tcpInit(NativeApi.initializeApiDLData), 0);
    expect(tcpInit(NativeApi.initializeApiDLData), 0);
    final (listener, _) = await ask(
        (id) => tcpListen(native, id, localhost, 4, 0, false, 0, false));
    expect(listener, greaterThan(0));
    final loop = ReceivePort();
    final accepted = StreamIterator(loop);
    expect(tcpAcceptLoop(loop.sendPort.nativePort, listener), 0);

    final (near, _) = await ask((id) => tcpConnect(native, id, localhost, 4,
        tcpGetLocalPort(listener), nullptr, 0, 0));
    expect(near, greaterThan(0));
    expect(await accepted.moveNext(), isTrue);
    final far = accepted.current as int;

    const size = 100000;
    final data = malloc(size);
    for (var i = 0; i < size; ++i) {
      data[i] = i % 251;
    }
    final written = ask((id) => tcpWrite(id, near, data, 0, size));
    var got = 0;
    while (got < size) {
      final (count, bytes) = await ask((id) => tcpRead(id, far));
      expect(count, bytes!.length);
      for (var i = 0; i < bytes.length; ++i) {
        if (bytes[i] != (got + i) % 251) {
          throw TestFailure('wrong byte at ${got + i}');
        }
      }
      got += bytes.length;
    }
    expect((await written).$1, size);

    final waiting = ask((id) => tcpRead(id, far));
    expect((await ask((id) => tcpClose(id, near))).$1, 0);
    expect((await waiting).$1, -9);
    expect((await ask((id) => tcpClose(id, near))).$1, -1);
    expect((await ask((id) => tcpListenerClose(id, listener, true))).$1, 0);
    expect(await accepted.moveNext(), isTrue);
    expect(accepted.current, -6);
    expect((await ask((id) => tcpRead(id, far))).$1, -1);
    loop.close();
    port.close();
  });
}
