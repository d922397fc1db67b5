import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'cancel.dart';
import 'errors.dart';
import 'native_socket.dart';
import 'service.dart';
import 'waiting.dart';

/// Sends and receives datagrams.
final class UdpSocket extends NativeSocket {
  UdpSocket._(super.handle);

  /// More does not fit a datagram.
  static const longest = 65507;

  /// Takes an address of this machine, [port] 0: one that is free.
  ///
  /// With [shared], several isolates and programs may have the same one.
  /// [v6Only] keeps IPv4 away from an IPv6 address.
  /// Nothing but looking up a name takes time.
  static Future<UdpSocket> bind(Object host, int port,
      {bool shared = false,
      bool v6Only = false,
      Duration? timeout,
      CancelToken? cancel}) async {
    final patience = Patience(timeout, cancel);
    final address = (await resolve(host, patience)).first;
    final raw = rawName(address);
    int call(Service service, int id) => withAddress(
        service,
        raw,
        (memory) => service.native.udpBind(
            service.port, id, memory, raw.length, port, v6Only, shared));
    return open('bind ${nameOf(address, port)}', call, UdpSocket._,
        (late) => late.close(), patience);
  }

  // What precedes a datagram: the address in 16 bytes, its size, a zero, the
  // port.
  static const _head = 20;

  // So many come by themselves to an isolate that receives; the rest waits
  // with the system, which drops what it has no room for.
  static const _ahead = 16;

  late final Pull<Datagram> _receives = Pull('receive', ahead: _ahead, (whose) {
    return service.ask((id) => service.native.udpReceive(id, handle),
        (result, data) {
      data == null ? whose.fail(result) : whose.deliver(_datagram(data));
    });
  });

  static Datagram _datagram(Uint8List message) {
    final from = Uint8List.sublistView(message, 0, message[16]);
    return Datagram(
        Uint8List.sublistView(message, _head),
        InternetAddress.fromRawAddress(from),
        message[18] << 8 | message[19]);
  }

  /// The next datagram. A receive that times out or is cancelled loses none.
  Future<Datagram> receive({Duration? timeout, CancelToken? cancel}) =>
      _receives.take(timeout, cancel);

  /// Every datagram, until this is closed. What comes after somebody stopped
  /// listening is for the next one.
  Stream<Datagram> get datagrams =>
      _receives.stream(isOver: () => isClosed);

  /// Sends `data[start, end)`, which is copied before this returns; at most
  /// [longest] bytes, or none.
  ///
  /// Completes when the system has taken it; one that times out or is cancelled
  /// before that is not sent.
  Future<void> send(List<int> data, InternetAddress to, int port,
      {int start = 0, int? end, Duration? timeout, CancelToken? cancel}) {
    final last = RangeError.checkValidRange(start, end, data.length);
    final raw = rawName(to);
    return request(
        'send to ${nameOf(to, port)}',
        (id) => service.scratch.withBoth(
            data,
            start,
            last,
            raw,
            (bytes, address) => service.native.udpSend(id, handle, bytes, 0,
                last - start, address, raw.length, port)),
        Patience(timeout, cancel));
  }

  /// Joins a multicast [group], on the interface [on]; without one, the system
  /// chooses.
  void join(InternetAddress group, {NetworkInterface? on}) =>
      _membership('join', group, on, true);

  /// Leaves it again.
  void leave(InternetAddress group, {NetworkInterface? on}) =>
      _membership('leave', group, on, false);

  void _membership(String what, InternetAddress group, NetworkInterface? on,
      bool joins) {
    final raw = rawName(group);
    checked(
        '$what ${group.address}',
        withAddress(
            service,
            raw,
            (memory) => service.native.udpMembership(
                handle, memory, raw.length, on?.index ?? 0, joins)));
  }

  /// Whether broadcast addresses may be sent to.
  bool get broadcast => _option('broadcast', 1) != 0;
  set broadcast(bool on) => _setOption('broadcast', 1, on ? 1 : 0);

  /// Whether what is sent to a group comes back to its members on this machine.
  bool get multicastLoop => _option('multicast loop', 2) != 0;
  set multicastLoop(bool on) => _setOption('multicast loop', 2, on ? 1 : 0);

  /// How many routers what is sent to a group may pass.
  int get multicastHops => _option('multicast hops', 3);
  set multicastHops(int hops) => _setOption('multicast hops', 3, hops);

  int _option(String what, int option) =>
      checked(what, service.native.udpOption(handle, option));
  void _setOption(String what, int option, int value) =>
      checked(what, service.native.udpSetOption(handle, option, value));

  /// Closes; what waits fails. Idempotent.
  Future<void> close() =>
      closeOnce((id) => service.native.udpClose(id, handle));
}
