"""The servers in the router's namespace: names (UDP port 53) and mail (TCP port 25). Standard library only.

Arguments: address of the name server, addresses of the mail server with commas between, JSON of addresses by name. Writes one JSON record a line:
`ready`, `query`, `accepted`, `received`, `ended`. The mail server greets, and repeats what it is told. Ends when standard
input does.
"""

import json
import os
import socket
import struct
import sys
import threading

OUTPUT = threading.Lock()
A, AAAA = 1, 28
NO_SUCH_NAME = 3


def say(**record):
    with OUTPUT:
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()


def question(packet):
    """Name and type asked for, and where the question ends."""
    labels, at = [], 12
    while packet[at] != 0:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("ascii", "replace"))
        at += 1 + packet[at]
    (kind,) = struct.unpack_from(">H", packet, at + 1)
    return ".".join(labels).lower(), kind, at + 5


def reply(packet, names):
    name, kind, end = question(packet)
    say(event="query", name=name, type={A: "A", AAAA: "AAAA"}.get(kind, str(kind)))
    known = names.get(name)
    addresses = known if known is not None and kind == A else []
    flags = 0x8580 | (NO_SUCH_NAME if known is None else 0)
    header = packet[0:2] + struct.pack(">HHHHH", flags, 1, len(addresses), 0, 0)
    records = b"".join(struct.pack(">HHHIH", 0xC00C, A, 1, 0, 4) + socket.inet_aton(one) for one in addresses)
    return header + packet[12:end] + records


def serve_names(server, names):
    while True:
        packet, sender = server.recvfrom(4096)
        server.sendto(reply(packet, names), sender)


def serve_mail(connection):
    say(event="accepted")
    try:
        with connection:
            connection.sendall(b"220 mail.test ready\r\n")
            while data := connection.recv(4096):
                say(event="received", text=data.decode("latin-1"))
                connection.sendall(data)
    except OSError:
        pass
    say(event="ended")


def accept(server):
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve_mail, args=(connection,), daemon=True).start()


def main(name_server, mail_servers, records):
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((name_server, 53))
    mails = [socket.create_server((address, 25)) for address in mail_servers.split(",")]
    threading.Thread(target=serve_names, args=(names, json.loads(records)), daemon=True).start()
    for mail in mails:
        threading.Thread(target=accept, args=(mail,), daemon=True).start()
    say(event="ready")
    sys.stdin.read()
    os._exit(0)


main(*sys.argv[1:])
