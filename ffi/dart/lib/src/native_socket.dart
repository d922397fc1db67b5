import 'dart:async';
import 'dart:convert';
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'cancel.dart';
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

  /// Our address; of a Unix socket its path, or `@name`, or nothing.
  InternetAddress get localAddress =>
      address('local address', service.native.localAddress, peers: false);

  /// Our port; 0 of a Unix socket.
  int get localPort => port('local port', service.native.localPort);

  InternetAddress address(String what, int Function(int, Pointer<Uint8>) ask,
      {required bool peers}) {
    var code = 0;
    final bytes =
        service.scratch.filled(16, (room) => code = ask(handle, room));
    if (bytes != null) {
      return InternetAddress.fromRawAddress(bytes);
    }
    final name = code == Code.optionFailed ? _unixName(peers) : null;
    if (name == null) {
      throw WeftException(what, code);
    }
    return InternetAddress(name, type: InternetAddressType.unix);
  }

  int port(String what, int Function(int) ask) {
    final number = ask(handle);
    return number == Code.optionFailed && _unixName(false) != null
        ? 0
        : checked(what, number);
  }

  /// Null: this is no Unix socket.
  String? _unixName(bool peers) {
    final bytes = service.scratch.filled(
        128, (room) => service.native.unixName(handle, peers, room));
    return bytes == null ? null : utf8.decode(bytes, allowMalformed: true);
  }

  int checked(String operation, int result) {
    if (result < 0) {
      throw WeftException(operation, result);
    }
    return result;
  }

  /// Makes a request that is answered by a code; taken back, if it can be, when
  /// the wait for it ends early.
  Future<int> request(String operation, int Function(int id) call,
      [Patience patience = Patience.endless]) {
    if (patience.isCancelled) {
      return Future.error(WeftCancelledException(operation));
    }
    final waiter = Waiter<int>(operation, patience);
    final id = service.nextId;
    waiter.onAbandoned = () => service.takeBack(id, handle);
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

/// Makes a socket: [call] asks for it, [adopt] makes something of its handle.
/// One that comes when nobody waits for it any more is given to [discard].
Future<T> open<T>(String operation, int Function(Service service, int id) call,
    T Function(int handle) adopt, Future<void> Function(T) discard,
    [Patience patience = Patience.endless]) {
  if (patience.isCancelled) {
    return Future.error(WeftCancelledException(operation));
  }
  final service = Service.instance;
  final waiter = Waiter<T>(operation, patience);
  final id = service.nextId;
  waiter.onAbandoned = () => service.takeBack(id);
  final code = service.ask((id) => call(service, id), (result, _) {
    if (result < 0) {
      waiter.fail(WeftException(operation, result));
      return;
    }
    final made = adopt(result);
    waiter.isOver ? discard(made).ignore() : waiter.complete(made);
  });
  if (code < 0) {
    waiter.fail(WeftException(operation, code));
  }
  return waiter.future;
}

/// The addresses of a host, by name or as text or as it is; at least one. Every
/// name that this package looks up passes here.
Future<List<InternetAddress>> resolve(Object host, Patience patience) async {
  if (host is InternetAddress) {
    return [host];
  }
  final text = host as String;
  final literal = InternetAddress.tryParse(text);
  if (literal != null) {
    return [literal];
  }
  return patience.of('look up $text', InternetAddress.lookup(text));
}

/// What the library takes of an address: its bytes, or the name of a Unix
/// socket.
Uint8List rawName(InternetAddress address) =>
    address.type == InternetAddressType.unix
        ? utf8.encode(address.address)
        : address.rawAddress;

/// For messages: `127.0.0.1:80`, or a path.
String nameOf(InternetAddress address, int port) =>
    address.type == InternetAddressType.unix
        ? address.address
        : '${address.address}:$port';

/// Where a native call can read an address.
int withAddress(Service service, Uint8List address,
        int Function(Pointer<Uint8>) call) =>
    service.scratch.withBytes(address, 0, address.length, call);
