import 'dart:convert';
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
    native.explain(port); // without it errors are only less clear
  }

  static final Service instance = Service._();

  final Bindings native = Bindings.instance;
  final Scratch scratch = Scratch();
  final RawReceivePort _port = RawReceivePort(null, 'weft');
  late final int port = _port.sendPort.nativePort;

  // By the request's number, which is free again once the answer came.
  final _asked = <Answer?>[];
  final _free = <int>[];
  int _waiting = 0;

  /// Whether much else is asked for: then an answer less is a message saved.
  /// Without it an isolate would fall asleep after each write and be woken for
  /// the next read, which costs more than the message that keeps it awake.
  bool get isBusy => _asked.length - _free.length >= 16;

  /// What a number of the system's means.
  String errorText(int number) {
    final text =
        scratch.filled(256, (room) => native.errorText(number, room, 256));
    return text == null
        ? 'error $number'
        : utf8.decode(text, allowMalformed: true);
  }

  /// The number that the next request will have.
  int get nextId => _free.isEmpty ? _asked.length : _free.last;

  /// Asks for something by [call], which is given the request's number. Any
  /// return but 0, a refusal or a result, is final: [answer] will not be
  /// called.
  int ask(int Function(int id) call, Answer answer) {
    if (_free.isEmpty) {
      _free.add(_asked.length);
      _asked.add(null);
    }
    final id = _free.last;
    final result = call(id);
    if (result == 0) {
      _free.removeLast();
      _asked[id] = answer;
    }
    return result;
  }

  /// Takes a request back, of a socket or, without a [handle], for a
  /// connection; too late is no error. Its answer comes, whatever it is.
  void takeBack(int id, [int handle = 0]) => native.cancel(port, id, handle);

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
    final id = message[0] as int;
    if (id < 0) {
      return; // this is how the library finds out who lives
    }
    final answer = _asked[id]!;
    _asked[id] = null;
    _free.add(id);
    answer(message[1] as int, message[2] as Uint8List?);
  }
}
