"""The far end of every benchmark connection, the same for all contestants. Standard library only, Linux.

It must never be what is waited for: it sends by sendfile and drops by MSG_TRUNC, so that it copies nothing.

Listens on two free ports of 127.0.0.1 and writes them as one JSON line on standard output. On the first, commands come as
lines: `send N` is answered with N bytes, `receive N` takes N bytes and answers with one, `echo` sends back whatever comes.
The second accepts and waits for the client's close. Ends when its standard input does.
"""

import json
import os
import selectors
import socket
import sys
import threading

BLOCK_BYTES = 1024 * 1024
BLOCK = os.memfd_create("block")
os.truncate(BLOCK, BLOCK_BYTES)
os.pwrite(BLOCK, bytes(BLOCK_BYTES), 0)


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if byte == b"":
            return None
        line += byte
    return line.decode().split()


def send(connection, total):
    while total > 0:
        total -= os.sendfile(connection.fileno(), BLOCK, 0, min(BLOCK_BYTES, total))


def receive(connection, total):
    buffer = memoryview(bytearray(BLOCK_BYTES))
    while total > 0:
        taken = connection.recv_into(buffer, min(BLOCK_BYTES, total), socket.MSG_TRUNC)
        if taken == 0:
            return
        total -= taken
    connection.sendall(b"k")


def echo(connection):
    buffer = memoryview(bytearray(64 * 1024))
    while True:
        taken = connection.recv_into(buffer)
        if taken == 0:
            return
        connection.sendall(buffer[:taken])


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        try:
            while (words := read_line(connection)) is not None:
                if words[0] == "send":
                    send(connection, int(words[1]))
                elif words[0] == "receive":
                    receive(connection, int(words[1]))
                else:
                    echo(connection)
        except ConnectionError:
            pass


def serve_commands(server):
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def drop(connection, selector):
    try:
        over = connection.recv(4096) == b""
    except ConnectionError:
        over = True
    if over:
        selector.unregister(connection)
        connection.close()


def serve_connects(server):
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is server:
                connection, _ = server.accept()
                selector.register(connection, selectors.EVENT_READ)
            else:
                drop(key.fileobj, selector)


def main():
    commands = socket.create_server(("127.0.0.1", 0))
    connects = socket.create_server(("127.0.0.1", 0), backlog=1024)
    threading.Thread(target=serve_commands, args=(commands,), daemon=True).start()
    threading.Thread(target=serve_connects, args=(connects,), daemon=True).start()
    ports = {"commandPort": commands.getsockname()[1], "connectPort": connects.getsockname()[1]}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


main()
