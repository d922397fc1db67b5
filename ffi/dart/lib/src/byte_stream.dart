import 'dart:typed_data';

import 'cancel.dart';
import 'connection.dart';

/// Bytes in order, in both directions: what a [Connection] is, and what a
/// layer above one, such as TLS, can be in its place.
abstract interface class ByteStream {
  /// The next bytes; null at the end of the stream. A read that times out or
  /// is cancelled loses nothing.
  Future<Uint8List?> read({Duration? timeout, CancelToken? cancel});

  /// Everything that comes, until the end. Reads only while somebody listens
  /// and is not paused.
  Stream<Uint8List> get bytes;

  /// Writes `data[start, end)`. Writes stay in order, awaited or not; awaiting
  /// them is what keeps memory bounded. One that ends early is sent as a whole
  /// or not at all.
  Future<void> write(List<int> data,
      {int start = 0, int? end, Duration? timeout, CancelToken? cancel});

  /// Writes all that [source] gives, each piece after the one before it.
  Future<void> writeAll(Stream<List<int>> source,
      {Duration? timeout, CancelToken? cancel});

  /// Ends our side of the stream, after what was written.
  Future<void> closeWrite({Duration? timeout, CancelToken? cancel});

  /// Closes; what waits fails. Idempotent.
  Future<void> close();
}
