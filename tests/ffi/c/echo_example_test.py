"""The Python example does what it says: echo_example_test.py <echo_server.py> <libweft_c.so>."""

import socket
import subprocess
import sys

command = [sys.executable, *sys.argv[1:3], "127.0.0.1:0"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
    try:
        host, port = server.stdout.readline().split()[-1].split(":")
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(b"hello")
            assert client.recv(5, socket.MSG_WAITALL) == b"hello"
    finally:
        server.kill()
