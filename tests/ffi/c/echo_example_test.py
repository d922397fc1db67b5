"""An example of an echo server does what it says: echo_example_test.py <command>...

Several clients at once, of which one sends more than fits the buffers between, one goes away in the middle, and one
leaves its sending side before it has read everything.
"""

import os
import socket
import subprocess
import sys
import threading

PATIENCE = 20


def connect(address):
    host, port = address.split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def round_trips(address):
    with connect(address) as client:
        for i in range(200):
            sent = f"message {i}".encode()
            client.sendall(sent)
            assert client.recv(len(sent), socket.MSG_WAITALL) == sent


def bulk(address):
    sent = os.urandom(4 << 20)
    with connect(address) as client:
        writer = threading.Thread(target=lambda: (client.sendall(sent), client.shutdown(socket.SHUT_WR)))
        writer.start()
        got = bytearray()
        while part := client.recv(1 << 16):
            got += part
        writer.join()
        assert got == sent


def run(failures, client, address):
    try:
        client(address)
    except Exception as error:
        failures.append(f"{client.__name__}: {error!r}")


with subprocess.Popen([*sys.argv[1:], "127.0.0.1:0"], stdout=subprocess.PIPE, text=True) as server:
    try:
        address = server.stdout.readline().split()[-1]
        connect(address).close()
        failures = []
        clients = [
            threading.Thread(target=run, args=(failures, client, address))
            for client in [round_trips] * 4 + [bulk] * 2
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert not failures, failures
        assert server.poll() is None, "the server has ended"
    finally:
        server.kill()
