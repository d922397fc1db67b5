"""An echo server in Python, by ctypes: the threads are Python's, the sockets are weft's.

echo_server.py libweft_c.so [address]
"""

import ctypes
import sys
import threading
from ctypes import c_char_p, c_int64, c_size_t, c_void_p

FOREVER, NONE, SECOND = -1, 0, 1_000_000_000

weft = ctypes.CDLL(sys.argv[1])
weft.weft_tcp_listen.argtypes = [c_char_p, c_void_p]
weft.weft_accept.argtypes = [c_int64, c_int64, c_int64]
weft.weft_read.argtypes = [c_int64, c_void_p, c_size_t, c_int64, c_int64]
weft.weft_write_all.argtypes = [c_int64, c_void_p, c_size_t, c_int64, c_int64]
weft.weft_local_address.argtypes = [c_int64, c_char_p, c_size_t]
weft.weft_last_error_text.argtypes = [c_char_p, c_size_t]
weft.weft_close.argtypes = [c_int64]
for call in ("tcp_listen", "accept", "read", "write_all", "local_address", "last_error_text"):
    getattr(weft, f"weft_{call}").restype = c_int64


def checked(result):
    """The result of a call, or an OSError with what went wrong."""
    if result < 0:
        text = ctypes.create_string_buffer(256)
        weft.weft_last_error_text(text, len(text))
        raise OSError(text.value.decode())
    return result


def echo(peer):
    buffer = ctypes.create_string_buffer(16 * 1024)
    try:
        while n := checked(weft.weft_read(peer, buffer, len(buffer), 30 * SECOND, NONE)):
            checked(weft.weft_write_all(peer, buffer, n, 30 * SECOND, NONE))
    except OSError as error:
        print(error)
    finally:
        weft.weft_close(peer)


checked(weft.weft_start(None))
where = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:7777"
listener = checked(weft.weft_tcp_listen(where.encode(), None))
name = ctypes.create_string_buffer(128)
checked(weft.weft_local_address(listener, name, len(name)))
print(f"listening on {name.value.decode()}", flush=True)
while True:
    connection = checked(weft.weft_accept(listener, FOREVER, NONE))
    threading.Thread(target=echo, args=(connection,), daemon=True).start()
