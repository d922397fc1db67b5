import 'dart:ffi';
import 'dart:io';

/// The functions of `libweft_dart.so`, by the names that its header has.
final class Bindings {
  Bindings._(DynamicLibrary library)
      : init = library.lookupFunction<Int64 Function(Pointer<Void>),
            int Function(Pointer<Void>)>('tcp_init'),
        attachRelease = library.lookupFunction<Void Function(Handle, Int64),
            void Function(Object, int)>('tcp_attach_release'),
        connect = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64,
                Pointer<Uint8>, Int64, Int64),
            int Function(int, int, Pointer<Uint8>, int, int, Pointer<Uint8>,
                int, int)>('tcp_connect'),
        read = library.lookupFunction<Int64 Function(Int64, Int64),
            int Function(int, int)>('tcp_read'),
        write = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64),
            int Function(int, int, Pointer<Uint8>, int, int)>('tcp_write'),
        writeNow = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64),
            int Function(int, int, Pointer<Uint8>, int, int)>('weft_write'),
        closeWrite = library.lookupFunction<Int64 Function(Int64, Int64),
            int Function(int, int)>('tcp_close_write'),
        close = library.lookupFunction<Int64 Function(Int64, Int64),
            int Function(int, int)>('tcp_close'),
        listen = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64, Bool,
                Int64, Bool),
            int Function(int, int, Pointer<Uint8>, int, int, bool, int,
                bool)>('tcp_listen'),
        accept = library.lookupFunction<Int64 Function(Int64, Int64),
            int Function(int, int)>('tcp_accept'),
        listenerClose = library.lookupFunction<
            Int64 Function(Int64, Int64, Bool),
            int Function(int, int, bool)>('tcp_listener_close'),
        localAddress = library.lookupFunction<
            Int64 Function(Int64, Pointer<Uint8>),
            int Function(int, Pointer<Uint8>)>('tcp_get_local_address'),
        remoteAddress = library.lookupFunction<
            Int64 Function(Int64, Pointer<Uint8>),
            int Function(int, Pointer<Uint8>)>('tcp_get_remote_address'),
        localPort =
            library.lookupFunction<Int64 Function(Int64), int Function(int)>(
                'tcp_get_local_port'),
        remotePort =
            library.lookupFunction<Int64 Function(Int64), int Function(int)>(
                'tcp_get_remote_port'),
        keepAlive =
            library.lookupFunction<Int64 Function(Int64), int Function(int)>(
                'tcp_get_keep_alive'),
        setKeepAlive = library.lookupFunction<Int64 Function(Int64, Bool),
            int Function(int, bool)>('tcp_set_keep_alive'),
        noDelay =
            library.lookupFunction<Int64 Function(Int64), int Function(int)>(
                'tcp_get_no_delay'),
        setNoDelay = library.lookupFunction<Int64 Function(Int64, Bool),
            int Function(int, bool)>('tcp_set_no_delay'),
        explain =
            library.lookupFunction<Int64 Function(Int64), int Function(int)>(
                'weft_explain'),
        errorText = library.lookupFunction<
            Int64 Function(Int64, Pointer<Uint8>, Int64),
            int Function(int, Pointer<Uint8>, int)>('weft_error_text'),
        cancel = library.lookupFunction<Int64 Function(Int64, Int64, Int64),
            int Function(int, int, int)>('weft_cancel'),
        unixConnect = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64),
            int Function(int, int, Pointer<Uint8>, int)>('weft_unix_connect'),
        unixListen = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64, Int64),
            int Function(
                int, int, Pointer<Uint8>, int, int, int)>('weft_unix_listen'),
        unixName = library.lookupFunction<
            Int64 Function(Int64, Bool, Pointer<Uint8>),
            int Function(int, bool, Pointer<Uint8>)>('weft_unix_name'),
        unixBind = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64),
            int Function(
                int, int, Pointer<Uint8>, int, int)>('weft_unix_bind'),
        unixSend = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64,
                Pointer<Uint8>, Int64),
            int Function(int, int, Pointer<Uint8>, int, int, Pointer<Uint8>,
                int)>('weft_unix_send'),
        udpBind = library.lookupFunction<
            Int64 Function(
                Int64, Int64, Pointer<Uint8>, Int64, Int64, Bool, Bool),
            int Function(int, int, Pointer<Uint8>, int, int, bool,
                bool)>('weft_udp_bind'),
        udpReceive = library.lookupFunction<Int64 Function(Int64, Int64),
            int Function(int, int)>('weft_udp_receive'),
        udpSend = library.lookupFunction<
            Int64 Function(Int64, Int64, Pointer<Uint8>, Int64, Int64,
                Pointer<Uint8>, Int64, Int64),
            int Function(int, int, Pointer<Uint8>, int, int, Pointer<Uint8>,
                int, int)>('weft_udp_send'),
        udpClose = library.lookupFunction<Int64 Function(Int64, Int64),
            int Function(int, int)>('weft_udp_close'),
        udpMembership = library.lookupFunction<
            Int64 Function(Int64, Pointer<Uint8>, Int64, Int64, Bool),
            int Function(
                int, Pointer<Uint8>, int, int, bool)>('weft_udp_membership'),
        udpOption = library.lookupFunction<Int64 Function(Int64, Int64),
            int Function(int, int)>('weft_udp_option'),
        udpSetOption = library.lookupFunction<
            Int64 Function(Int64, Int64, Int64),
            int Function(int, int, int)>('weft_udp_set_option'),
        count =
            library.lookupFunction<Int64 Function(Int64), int Function(int)>(
                'weft_count');

  /// The library that `WEFT_DART_LIBRARY` names, else the one that the dynamic
  /// linker finds.
  static final Bindings instance = Bindings._(DynamicLibrary.open(
      Platform.environment['WEFT_DART_LIBRARY'] ?? 'libweft_dart.so'));

  final int Function(Pointer<Void>) init;
  final void Function(Object, int) attachRelease;
  final int Function(
      int, int, Pointer<Uint8>, int, int, Pointer<Uint8>, int, int) connect;
  final int Function(int, int) read;
  final int Function(int, int, Pointer<Uint8>, int, int) write;
  final int Function(int, int, Pointer<Uint8>, int, int) writeNow;
  final int Function(int, int) closeWrite;
  final int Function(int, int) close;
  final int Function(int, int, Pointer<Uint8>, int, int, bool, int, bool)
      listen;
  final int Function(int, int) accept;
  final int Function(int, int, bool) listenerClose;
  final int Function(int, Pointer<Uint8>) localAddress;
  final int Function(int, Pointer<Uint8>) remoteAddress;
  final int Function(int) localPort;
  final int Function(int) remotePort;
  final int Function(int) keepAlive;
  final int Function(int, bool) setKeepAlive;
  final int Function(int) noDelay;
  final int Function(int, bool) setNoDelay;
  final int Function(int) explain;
  final int Function(int, Pointer<Uint8>, int) errorText;
  final int Function(int, int, int) cancel;
  final int Function(int, int, Pointer<Uint8>, int) unixConnect;
  final int Function(int, int, Pointer<Uint8>, int, int, int) unixListen;
  final int Function(int, bool, Pointer<Uint8>) unixName;
  final int Function(int, int, Pointer<Uint8>, int, int) unixBind;
  final int Function(
      int, int, Pointer<Uint8>, int, int, Pointer<Uint8>, int) unixSend;
  final int Function(int, int, Pointer<Uint8>, int, int, bool, bool) udpBind;
  final int Function(int, int) udpReceive;
  final int Function(
      int, int, Pointer<Uint8>, int, int, Pointer<Uint8>, int, int) udpSend;
  final int Function(int, int) udpClose;
  final int Function(int, Pointer<Uint8>, int, int, bool) udpMembership;
  final int Function(int, int) udpOption;
  final int Function(int, int, int) udpSetOption;
  final int Function(int) count;
}
