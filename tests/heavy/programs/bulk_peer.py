"""The other end of the bulk transfer: sends or receives a known sequence of bytes. Standard library only.

Listens on 127.0.0.1 and writes one JSON record a line on standard output, first its port. A connection begins with a
line `send BYTES` or `receive BYTES STOP_AT SECONDS` (as seen from here). While bytes move, their count is written every
100 ms. A receiver stops reading for SECONDS once it has STOP_AT bytes. Ends when its standard input does.
"""

import hashlib
import json
import os
import socket
import sys
import threading
import time

BLOCK = 256 * 1024
OUTPUT = threading.Lock()


def say(**record):
    with OUTPUT:
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()


class Count:
    """Bytes moved so far, told every 100 ms."""

    def __init__(self):
        self.bytes = 0
        self.over = threading.Event()
        self.ticker = threading.Thread(target=self.tick, daemon=True)
        self.ticker.start()

    def tick(self):
        while not self.over.wait(0.1):
            say(event="count", bytes=self.bytes)

    def end(self):
        self.over.set()
        self.ticker.join()


def first_block():
    """The same bytes as in `bulk_sequence.ts`."""
    value = 0x2545F491
    block = bytearray(BLOCK)
    for index in range(0, BLOCK, 4):
        value = (value * 1664525 + 1013904223) & 0xFFFFFFFF
        block[index : index + 4] = value.to_bytes(4, "little")
    return block


def send(connection, total):
    count = Count()
    digest = hashlib.sha256()
    block = first_block()
    for number in range((total + BLOCK - 1) // BLOCK):
        block[0:8] = number.to_bytes(8, "little")
        rest = memoryview(block)[: min(BLOCK, total - count.bytes)]
        digest.update(rest)
        while len(rest) > 0:
            taken = connection.send(rest)
            count.bytes += taken
            rest = rest[taken:]
    connection.shutdown(socket.SHUT_WR)
    count.end()
    say(event="sent", bytes=count.bytes, sha256=digest.hexdigest())
    # The end of the other direction: the client has everything.
    while connection.recv(4096):
        pass


def receive(connection, total, stop_at, seconds):
    count = Count()
    digest = hashlib.sha256()
    view = memoryview(bytearray(BLOCK))
    stopped = seconds == 0
    while True:
        taken = connection.recv_into(view)
        if taken == 0:
            break
        count.bytes += taken
        digest.update(view[:taken])
        if not stopped and count.bytes >= stop_at:
            stopped = True
            say(event="stopped", bytes=count.bytes)
            time.sleep(seconds)
            say(event="resumed", bytes=count.bytes)
    count.end()
    say(event="received", bytes=count.bytes, sha256=digest.hexdigest())
    if count.bytes == total:
        connection.sendall(digest.hexdigest().encode())


def serve(connection):
    with connection:
        line = b""
        while not line.endswith(b"\n"):
            byte = connection.recv(1)
            if byte == b"":
                return
            line += byte
        verb, *numbers = line.decode().split()
        try:
            if verb == "send":
                send(connection, int(numbers[0]))
            else:
                receive(connection, int(numbers[0]), int(numbers[1]), float(numbers[2]))
        except OSError as error:
            say(event="failed", error=str(error))


def listen():
    server = socket.create_server(("127.0.0.1", 0))
    say(event="listening", port=server.getsockname()[1])
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


threading.Thread(target=listen, daemon=True).start()
sys.stdin.read()
os._exit(0)
