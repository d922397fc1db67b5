import 'dart:ffi';
import 'dart:typed_data';

final _malloc = DynamicLibrary.process().lookupFunction<
    Pointer<Uint8> Function(Size), Pointer<Uint8> Function(int)>('malloc');
final _free = DynamicLibrary.process().lookupFunction<
    Void Function(Pointer<Uint8>), void Function(Pointer<Uint8>)>('free');

/// Memory for one native call at a time: the library copies what it needs
/// before a call returns, so an isolate does with one piece of it.
final class Scratch {
  static const _kept = 64 * 1024;

  final Pointer<Uint8> _memory = _malloc(_kept);

  /// Copies `data[start, end)` to where native code can read it, for the time
  /// of [use].
  int withBytes(
      List<int> data, int start, int end, int Function(Pointer<Uint8>) use) {
    final size = end - start;
    final large = size > _kept;
    final memory = large ? _malloc(size) : _memory;
    if (memory == nullptr) {
      throw OutOfMemoryError();
    }
    memory.asTypedList(size).setRange(0, size, data, start);
    final result = use(memory);
    if (large) {
      _free(memory);
    }
    return result;
  }

  /// The same with [more] behind it, which must be short.
  int withBoth(List<int> data, int start, int end, Uint8List more,
      int Function(Pointer<Uint8> data, Pointer<Uint8> more) use) {
    return withBytes(data, start, end, (memory) {
      final behind = _more;
      behind.asTypedList(more.length).setAll(0, more);
      return use(memory, behind);
    });
  }

  late final Pointer<Uint8> _more = _malloc(128);

  /// What native code wrote: as many of [room] bytes as [fill] says, or null
  /// where that is negative.
  Uint8List? filled(int room, int Function(Pointer<Uint8>) fill) {
    final size = fill(_memory);
    return size < 0 ? null : Uint8List.fromList(_memory.asTypedList(size));
  }
}
