"""weft.h from Python, by nothing but ctypes: threads of Python wait, fibers of weft serve them.

Usage: ctypes_test.py <libweft_c.so> <weft.h>
"""

import ctypes
import re
import socket
import sys
import threading
from ctypes import byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

FOREVER, NONE, MILLISECOND = -1, 0, 1_000_000
LIBRARY, HEADER = sys.argv[1:3]

weft = ctypes.CDLL(LIBRARY)
function = ctypes.CFUNCTYPE(c_int64, c_void_p)


class StartOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_uint32),
        ("flags", c_uint32),
        ("workers", c_uint32),
        ("backend", c_uint32),
        ("stack_size", c_uint64),
    ]


class SelectArm(ctypes.Structure):
    _fields_ = [
        ("operation", c_int32),
        ("result", c_int32),
        ("what", c_int64),
        ("time", c_int64),
        ("value", c_void_p),
    ]


RECEIVE, SEND, WAIT, TIME, DEFAULT = range(1, 6)

TYPES = {
    "int": c_int,
    "int64_t": c_int64,
    "weft_handle": c_int64,
    "size_t": c_size_t,
    "weft_function": function,
    "const char*": c_char_p,
    "int64_t*": ctypes.POINTER(c_int64),
    "void**": ctypes.POINTER(c_void_p),
    "const weft_start_options*": ctypes.POINTER(StartOptions),
    "weft_select_arm*": ctypes.POINTER(SelectArm),
}


def declare(header):
    """Gives each function the types that the header gives it; returns the codes."""
    text = re.sub(r"/\*.*?\*/", "", open(header).read(), flags=re.S)
    for returns, name, parameters in re.findall(
        r"WEFT_C_API ([\w ]+?[\w*]) ?(weft_\w+)\(([^;]*)\) WEFT_C_NOEXCEPT;", text
    ):
        call = getattr(weft, name)
        call.restype = TYPES.get(returns.strip(), c_void_p)
        kinds = [re.sub(r"\s*\b\w+(\[2\])?$", "", p.strip()) for p in parameters.split(",")]
        call.argtypes = [] if parameters == "void" else [TYPES.get(k, c_void_p) for k in kinds]
    return {name: int(value) for name, value in re.findall(r"(WEFT_E_\w+) = (-\d+)", text)}


CODES = declare(HEADER)


def check(condition, what):
    if not condition:
        text = ctypes.create_string_buffer(256)
        weft.weft_last_error_text(ctypes.cast(text, c_void_p), len(text))
        sys.exit(f"{what}; the last error: {text.value.decode()}")


def expect(got, code):
    check(got == CODES[code], f"{weft.weft_error_name(got).decode()} ({got}) where {code} was due")


def address_of(socket):
    text = ctypes.create_string_buffer(128)
    check(weft.weft_local_address(socket, ctypes.cast(text, c_void_p), len(text)) > 0, "address")
    return text.value


def echo(peer):
    buffer = ctypes.create_string_buffer(4096)
    while (n := weft.weft_read(peer, buffer, len(buffer), FOREVER, NONE)) > 0:
        check(weft.weft_write_all(peer, buffer, n, FOREVER, NONE) == n, "echo")
    weft.weft_close(peer)


def serve(listener):
    peers = []
    while (peer := weft.weft_accept(listener, FOREVER, NONE)) > 0:
        peers.append(threading.Thread(target=echo, args=(peer,)))
        peers[-1].start()
    expect(peer, "WEFT_E_CLOSED")
    for peer in peers:
        peer.join()


def talk(address, rounds):
    server = weft.weft_tcp_connect(address, FOREVER, NONE)
    check(server > 0, "connect")
    buffer = ctypes.create_string_buffer(64)
    for i in range(rounds):
        sent = f"message {i}".encode()
        check(weft.weft_write_all(server, sent, len(sent), FOREVER, NONE) == len(sent), "write")
        n = weft.weft_read_exact(server, buffer, len(sent), FOREVER, NONE)
        check(n == len(sent) and buffer.raw[:n] == sent, "read")
    weft.weft_close(server)


def test_echo():
    listener = weft.weft_tcp_listen(b"127.0.0.1:0", None)
    server = threading.Thread(target=serve, args=(listener,))
    server.start()
    clients = [threading.Thread(target=talk, args=(address_of(listener), 200)) for _ in range(5)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    check(weft.weft_close(listener) == 0, "close")
    server.join()


def test_ends_of_waits():
    channel = weft.weft_channel_create(1)
    value = c_void_p()
    expect(weft.weft_channel_receive(channel, byref(value), 0, NONE), "WEFT_E_WOULD_BLOCK")
    expect(weft.weft_channel_receive(channel, byref(value), MILLISECOND, NONE), "WEFT_E_TIMED_OUT")
    token = weft.weft_token_create(FOREVER)
    timer = threading.Timer(0.01, lambda: weft.weft_token_cancel(token))
    timer.start()
    expect(weft.weft_channel_receive(channel, byref(value), FOREVER, token), "WEFT_E_CANCELED")
    timer.join()
    check(weft.weft_channel_send(channel, 4711, FOREVER, NONE) == 0, "send")
    check(weft.weft_channel_receive(channel, byref(value), FOREVER, NONE) == 0, "receive")
    check(value.value == 4711, "the pointer")
    weft.weft_close(channel)
    expect(weft.weft_channel_size(channel), "WEFT_E_STALE_HANDLE")
    expect(weft.weft_read(token, None, 5, FOREVER, NONE), "WEFT_E_INVALID_ARGUMENT")
    expect(weft.weft_accept(token, FOREVER, NONE), "WEFT_E_WRONG_KIND")
    expect(weft.weft_tcp_connect(b"127.0.0.1:1", FOREVER, NONE), "WEFT_E_CONNECTION_REFUSED")


def test_select():
    """Threads of Python wait for the first of two channels, or for the time."""
    first, second = weft.weft_channel_create(0), weft.weft_channel_create(0)
    arms = (SelectArm * 3)(
        SelectArm(operation=RECEIVE, what=first),
        SelectArm(operation=RECEIVE, what=second),
        SelectArm(operation=TIME, time=MILLISECOND),
    )
    check(weft.weft_select(arms, 3, FOREVER, NONE) == 2, "the time")
    arms[2] = SelectArm(operation=DEFAULT)
    check(weft.weft_select(arms, 3, FOREVER, NONE) == 2, "the default")
    sender = threading.Thread(target=weft.weft_channel_send, args=(second, 4711, FOREVER, NONE))
    sender.start()
    check(weft.weft_select(arms, 2, FOREVER, NONE) == 1, "the channel that was sent to")
    check(arms[1].result == 0 and arms[1].value == 4711, "what was sent")
    sender.join()
    weft.weft_close(first)
    expect(weft.weft_select(arms, 2, FOREVER, NONE), "WEFT_E_STALE_HANDLE")
    weft.weft_close(second)


def test_native():
    """A socket of Python goes to weft and comes back."""
    ours, theirs = socket.socketpair()
    with ours:
        handle = weft.weft_adopt(theirs.detach())
        check(weft.weft_write_all(handle, b"from weft", 9, FOREVER, NONE) == 9, "write")
        check(ours.recv(9, socket.MSG_WAITALL) == b"from weft", "what weft wrote")
        with socket.socket(fileno=weft.weft_release(handle)) as again:
            again.sendall(b"from Python")
            check(ours.recv(11, socket.MSG_WAITALL) == b"from Python", "what Python wrote")
        expect(weft.weft_kind(handle), "WEFT_E_STALE_HANDLE")


def test_callbacks():
    """A function of Python may run as a fiber if it does not wait inside weft."""
    seen = []
    call = function(lambda argument: seen.append(argument) or 42)
    fibers = [weft.weft_spawn(call, i + 1, None) for i in range(50)]
    result = c_int64()
    for fiber in fibers:
        check(weft.weft_fiber_join(fiber, byref(result), FOREVER, NONE) == 0, "join")
        check(result.value == 42, "what the function returned")
    check(sorted(seen) == list(range(1, 51)), "each function ran once")


options = StartOptions(size=ctypes.sizeof(StartOptions), workers=2)
check(weft.weft_start(byref(options)) == 0, "start")
test_echo()
test_ends_of_waits()
test_select()
test_native()
test_callbacks()
check(weft.weft_stop() == 0, "stop")
