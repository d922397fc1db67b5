/// TCP, UDP and Unix sockets for Dart isolates, on the weft runtime.
///
/// ```dart
/// final listener = await Listener.bind('127.0.0.1', 7777);
/// await for (final peer in listener.connections) {
///   peer.writeAll(peer.bytes).whenComplete(peer.close);
/// }
/// ```
///
/// A socket belongs to the isolate that made it, or whose [Listener] accepted
/// it. Every call that waits takes a `timeout` and a [CancelToken]; a read or
/// accept that ends early loses nothing: what arrives later is the next one's.
/// An isolate is kept alive only while something waits. What is forgotten is
/// closed when it is collected.
///
/// The native half is `libweft_dart.so`, found by the dynamic linker's rules or
/// where the environment variable `WEFT_DART_LIBRARY` says.
library;

export 'src/byte_stream.dart' show ByteStream;
export 'src/cancel.dart' show CancelToken;
export 'src/connection.dart' show Connection;
export 'src/errors.dart'
    show WeftCancelledException, WeftException, WeftTimeoutException;
export 'src/listener.dart' show Listener;
export 'src/udp_socket.dart' show UdpSocket;
export 'src/unix_datagram_socket.dart' show UnixDatagram, UnixDatagramSocket;
