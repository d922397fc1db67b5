import 'dart:async';
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'package:test/test.dart';

/// What the library holds for all isolates of this process.
final _library =
    DynamicLibrary.open(Platform.environment['WEFT_DART_LIBRARY']!);
final _count =
    _library.lookupFunction<Int64 Function(Int64), int Function(int)>(
        'weft_count');
final _init = _library.lookupFunction<Int64 Function(Pointer<Void>),
    int Function(Pointer<Void>)>('tcp_init');
final destroy =
    _library.lookupFunction<Void Function(), void Function()>('tcp_destroy');

int get sockets => _count(1);
int get requests => _count(2);
int get buffers => _count(3);
int get unsent => _count(4);

/// As a hot restart does it: has dead isolates found out.
void initAgain() => expect(_init(NativeApi.initializeApiDLData), 0);

/// Waits until nothing is held any more, with the garbage collector's help.
Future<void> expectNothingLeft() async {
  for (var tries = 0; tries < 9000; ++tries) {
    initAgain();
    if (sockets == 0 && requests == 0 && buffers == 0 && unsent == 0) {
      return;
    }
    // Garbage of both generations.
    List.generate(50, (_) => Uint8List(20000)).length;
    Uint8List(4 << 20).length;
    await Future<void>.delayed(const Duration(milliseconds: 10));
  }
  throw TestFailure('left: $sockets sockets, $requests requests, '
      '$buffers buffers, $unsent bytes unsent');
}
