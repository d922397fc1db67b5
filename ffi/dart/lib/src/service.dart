import 'dart:ffi';
import 'dart:isolate';
import 'dart:typed_data';

import 'bindings.dart';
import 'errors.dart';
import 'memory.dart';

/// What is done with an answer: a result, and the bytes of a read.
typedef Answer = void Function(int result, Uint8List? data);

/// An isolate's end of the library: it numbers requests and takes the answers.
final class Service {
  Service._() {
    final code = native.init(NativeApi.initializeApiDLData);
    if (code < 0) {
      throw WeftException('start', code);
    }
    _port.handler = _take;
    _port.keepIsolateAlive = false;
  }

  static final Service instance = Service._();

  final Bindings native = Bindings.instance;
  final Scratch scratch = Scratch();
  final RawReceivePort _port = RawReceivePort(null, 'weft');
  late final int port = _port.sendPort.nativePort;
  final _asked = <int, Answer>{};
  int _nextId = 0;
  int _waiting = 0;

  /// Asks for something by [call], which is given the request's number. A
  /// negative return: refused, and [answer] will not be called.
  int ask(int Function(int id) call, Answer answer) {
    if (_asked.isEmpty) {
      _nextId = 0;
    }
    var id = _nextId;
    while (_asked.containsKey(id)) {
      id = _after(id);
    }
    final result = call(id);
    if (result < 0) {
      return result;
    }
    _asked[id] = answer;
    _nextId = _after(id);
    return 0;
  }

  static int _after(int id) => id == 0x7fffffff ? 0 : id + 1;

  /// Someone waits: the isolate stays alive until [release] was called as
  /// often.
  void retain() {
    if (_waiting++ == 0) {
      _port.keepIsolateAlive = true;
    }
  }

  void release() {
    if (--_waiting == 0) {
      _port.keepIsolateAlive = false;
    }
  }

  void _take(List<Object?> message) {
    final answer = _asked.remove(message[0] as int);
    // One that nobody asked for is how the library finds out who lives.
    answer?.call(message[1] as int, message[2] as Uint8List?);
  }
}
