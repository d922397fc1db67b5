import 'dart:async';
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'errors.dart';
import 'service.dart';
import 'waiting.dart';

/// What connections and listeners have in common: a handle of the library's.
abstract base class NativeSocket {
  NativeSocket(this.handle) {
    // Closes it when it is forgotten; never another that got its place.
    service.native.attachRelease(this, handle);
  }

  final int handle;
  final Service service = Service.instance;
  Future<void>? _closing;

  /// Whether [close] was called.
  bool get isClosed => _closing != null;

  /// Our address.
  InternetAddress get localAddress =>
      address('local address', service.native.localAddress);

  /// Our port.
  int get localPort =>
      checked('local port', service.native.localPort(handle));

  InternetAddress address(
      String what, int Function(int, Pointer<Uint8>) ask) {
    var code = 0;
    final bytes =
        service.scratch.filled(16, (room) => code = ask(handle, room));
    if (bytes == null) {
      throw WeftException(what, code);
    }
    return InternetAddress.fromRawAddress(bytes);
  }

  int checked(String operation, int result) {
    if (result < 0) {
      throw WeftException(operation, result);
    }
    return result;
  }

  /// Makes a request that is answered by a code.
  Future<int> request(String operation, int Function(int id) call) {
    final waiter = Waiter<int>(operation, null, null);
    final code = service.ask(call, (result, _) {
      result < 0
          ? waiter.fail(WeftException(operation, result))
          : waiter.complete(result);
    });
    if (code < 0) {
      waiter.fail(WeftException(operation, code));
    }
    return waiter.future;
  }

  /// Closes once; a socket that is closed already, because its listener was
  /// closed by force, is no error.
  Future<void> closeOnce(int Function(int id) call) {
    return _closing ??= request('close', call).then<void>((_) {},
        onError: (Object error) {
      if (error is! WeftException || error.code != Code.invalidHandle) {
        throw error;
      }
    });
  }
}

/// The address of a host, by name or as text or as it is.
Future<InternetAddress> resolve(Object host) async {
  if (host is InternetAddress) {
    return host;
  }
  final text = host as String;
  final literal = InternetAddress.tryParse(text);
  if (literal != null) {
    return literal;
  }
  final found = await InternetAddress.lookup(text);
  return found.first;
}

/// Where a native call can read an address.
int withAddress(Service service, Uint8List address,
        int Function(Pointer<Uint8>) call) =>
    service.scratch.withBytes(address, 0, address.length, call);
