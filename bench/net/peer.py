"""The far end of every benchmark connection, the same for all contestants. Standard library only, Linux.

It must never be what is waited for: it sends by sendfile and drops by MSG_TRUNC, so that it copies nothing.

Listens on free ports of 127.0.0.1 and writes them as one JSON line on standard output. On commandPort, commands come as
lines: `send N` is answered with N bytes, `receive N` takes N bytes and answers with one, `echo` sends back whatever comes,
`connect PORT N` makes N connections that the other end closes, and answers with one byte. connectPort accepts and waits for
the client's close; so does tlsPort, after a handshake with the certificate and key in the file of argument 1 (0 without).
datagramPort takes datagrams: of 512 bytes, which it drops, `burst N`, which it answers with N of those, and others, which it
sends back. Ends when its standard input does.
"""

import collections
import json
import os
import selectors
import socket
import ssl
import struct
import sys
import threading
import time

BLOCK_BYTES = 1024 * 1024
BLOCK = os.memfd_create("block")
os.truncate(BLOCK, BLOCK_BYTES)
os.pwrite(BLOCK, bytes(BLOCK_BYTES), 0)

DATAGRAM_BYTES = 512
# Linux: what is sent at once is cut into datagrams of this size. One call of the system sends a whole burst.
UDP_SEGMENT = 103
AWAKE_SECONDS = 0.005
CONNECTIONS_AT_ONCE = 64


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


def begin_connection(port):
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    # The end is a reset: so many closed connections would leave no free port.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.connect_ex(("127.0.0.1", port))
    return connection


def end_connection(connection):
    connection.setblocking(True)
    try:
        connection.recv(1)
    finally:
        connection.close()


def connect(port, total):
    under_way = collections.deque()
    for _ in range(total):
        if len(under_way) == CONNECTIONS_AT_ONCE:
            end_connection(under_way.popleft())
        under_way.append(begin_connection(port))
    for connection in under_way:
        end_connection(connection)


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        try:
            while (words := read_line(connection)) is not None:
                if words[0] == "send":
                    send(connection, int(words[1]))
                elif words[0] == "receive":
                    receive(connection, int(words[1]))
                elif words[0] == "connect":
                    connect(int(words[1]), int(words[2]))
                    connection.sendall(b"k")
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


def take_datagram(server, buffer):
    """Looks again and again for a while before it sleeps: to be woken takes longer than to answer."""
    server.setblocking(False)
    sleep_at = time.monotonic() + AWAKE_SECONDS
    while time.monotonic() < sleep_at:
        try:
            return server.recvfrom_into(buffer)
        except BlockingIOError:
            pass
    server.setblocking(True)
    return server.recvfrom_into(buffer)


def serve_datagrams(server):
    server.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, DATAGRAM_BYTES)
    burst = bytes(64 * 1024)
    buffer = memoryview(bytearray(2048))
    while True:
        taken, source = take_datagram(server, buffer)
        if taken == DATAGRAM_BYTES:
            continue
        words = bytes(buffer[:taken]).split()
        if words[:1] == [b"burst"]:
            server.sendto(burst[: int(words[1]) * DATAGRAM_BYTES], source)
        else:
            server.sendto(buffer[:taken], source)


def shake_hands(connection, context):
    try:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)
    except OSError:
        pass


def serve_handshakes(server, context):
    while True:
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=shake_hands, args=(connection, context), daemon=True).start()


def tls_context(identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)
    # Nobody resumes a session here, and a client that closes at once would be sent tickets in vain.
    context.num_tickets = 0
    return context


def main():
    commands = socket.create_server(("127.0.0.1", 0))
    connects = socket.create_server(("127.0.0.1", 0), backlog=1024)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    tasks = [(serve_commands, (commands,)), (serve_connects, (connects,)), (serve_datagrams, (datagrams,))]
    ports = {"commandPort": commands, "connectPort": connects, "datagramPort": datagrams}
    if len(sys.argv) > 1:
        ports["tlsPort"] = socket.create_server(("127.0.0.1", 0), backlog=1024)
        tasks.append((serve_handshakes, (ports["tlsPort"], tls_context(sys.argv[1]))))
    for task, args in tasks:
        threading.Thread(target=task, args=args, daemon=True).start()
    numbers = {name: server.getsockname()[1] for name, server in ports.items()}
    sys.stdout.write(json.dumps({"tlsPort": 0, **numbers}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


main()
