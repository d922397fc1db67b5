import 'dart:async';
import 'dart:io';

import 'cancel.dart';
import 'connection.dart';
import 'errors.dart';
import 'native_socket.dart';
import 'service.dart';
import 'waiting.dart';

/// Accepts TCP connections.
final class Listener extends NativeSocket {
  Listener._(super.handle);

  /// Listens on [host], a name, an address as text, or an [InternetAddress].
  ///
  /// [port] 0 takes any that is free, see [localPort]. [backlog] 0 is the
  /// system's maximum. With [shared], several isolates may listen on one
  /// address; the system deals out the connections. [v6Only] keeps IPv4 away
  /// from an IPv6 address.
  static Future<Listener> bind(Object host, int port,
      {int backlog = 0, bool shared = false, bool v6Only = false}) async {
    final address = await resolve(host);
    final operation = 'listen ${address.address}:$port';
    final service = Service.instance;
    final waiter = Waiter<Listener>(operation, null, null);
    final raw = address.rawAddress;
    final code = service.ask(
        (id) => withAddress(
            service,
            raw,
            (memory) => service.native.listen(service.port, id, memory,
                raw.length, port, v6Only, backlog, shared)), (result, _) {
      result < 0
          ? waiter.fail(WeftException(operation, result))
          : waiter.complete(Listener._(result));
    });
    if (code < 0) {
      waiter.fail(WeftException(operation, code));
    }
    return waiter.future;
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
  Stream<Connection> get connections async* {
    while (!isClosed) {
      final Connection next;
      try {
        next = await accept();
      } on WeftException {
        if (isClosed) {
          return;
        }
        rethrow;
      }
      yield next;
    }
  }

  /// Stops listening; with [force], closes the connections that were accepted
  /// through it, too. Idempotent.
  Future<void> close({bool force = false}) =>
      closeOnce((id) => service.native.listenerClose(id, handle, force));
}
