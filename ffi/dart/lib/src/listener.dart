import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'cancel.dart';
import 'connection.dart';
import 'errors.dart';
import 'native_socket.dart';
import 'service.dart';
import 'waiting.dart';

/// Accepts connections: of TCP, or of Unix sockets.
final class Listener extends NativeSocket {
  Listener._(super.handle);

  /// Listens on [host], a name, an address as text, or an [InternetAddress].
  ///
  /// [port] 0 takes any that is free, see [localPort]. [backlog] 0 is the
  /// system's maximum. With [shared], several isolates may listen on one
  /// address; the system deals out the connections. [v6Only] keeps IPv4 away
  /// from an IPv6 address. Nothing but looking up a name takes time.
  static Future<Listener> bind(Object host, int port,
      {int backlog = 0,
      bool shared = false,
      bool v6Only = false,
      Duration? timeout,
      CancelToken? cancel}) async {
    final patience = Patience(timeout, cancel);
    final address = (await resolve(host, patience)).first;
    if (address.type == InternetAddressType.unix) {
      return bindUnix(address.address, backlog: backlog);
    }
    final raw = address.rawAddress;
    int call(Service service, int id) => withAddress(
        service,
        raw,
        (memory) => service.native.listen(service.port, id, memory, raw.length,
            port, v6Only, backlog, shared));
    return open('listen ${nameOf(address, port)}', call, Listener._,
        (late) => late.close(), patience);
  }

  /// Listens on a Unix socket at [path], or `@name` for an abstract one.
  ///
  /// A file that a dead program left there is replaced; it is removed when
  /// this is closed. [mode] sets its permissions, such as 0x1b0 for 0660.
  static Future<Listener> bindUnix(String path, {int backlog = 0, int? mode}) {
    final name = utf8.encode(path);
    int call(Service service, int id) => withAddress(
        service,
        name,
        (memory) => service.native.unixListen(
            service.port, id, memory, name.length, backlog, mode ?? -1));
    return open('listen $path', call, Listener._, (late) => late.close());
  }

  late final Pull<Connection> _accepts = Pull('accept', (whose) {
    return service.ask((id) => service.native.accept(id, handle), (result, _) {
      result < 0
          ? whose.fail(result)
          : whose.deliver(Connection.adopt(result));
    });
  });

  /// The next connection. An accept that times out or is cancelled loses
  /// none.
  Future<Connection> accept({Duration? timeout, CancelToken? cancel}) =>
      _accepts.take(timeout, cancel);

  /// Every connection, until this is closed. Accepts only while somebody
  /// listens and is not paused.
  Stream<Connection> get connections =>
      _accepts.stream(isOver: () => isClosed);

  /// Stops listening; with [force], closes the connections that were accepted
  /// through it, too. Idempotent.
  Future<void> close({bool force = false}) =>
      closeOnce((id) => service.native.listenerClose(id, handle, force));
}
