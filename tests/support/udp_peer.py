"""A datagram socket in a test's hands. Standard library only.

udp_peer.py ADDRESS [GROUP INTERFACE_ADDRESS]

Prints one JSON record a line: `ready` (port), `datagram` (from, port, hex). Reads one JSON object a line:
{"to": [ADDRESS, PORT], "hex": "...", "id": N} sends a datagram and then prints `sent` (id); on one machine it has arrived by
then. {"echo": true} sends back whatever comes from then on.
"""

import json
import socket
import sys
import threading

echoes = False


def tell(**record):
    print(json.dumps(record), flush=True)


def obey(sock):
    global echoes
    for line in sys.stdin:
        order = json.loads(line)
        if "echo" in order:
            echoes = order["echo"]
            tell(event="echoes")
        else:
            sock.sendto(bytes.fromhex(order["hex"]), tuple(order["to"]))
            tell(event="sent", id=order["id"])


def main():
    address, *group = sys.argv[1:]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 0))
    if group:
        member = socket.inet_aton(group[0]) + socket.inet_aton(group[1])
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(group[1]))
    threading.Thread(target=obey, args=[sock], daemon=True).start()
    tell(event="ready", port=sock.getsockname()[1])
    while True:
        data, (host, port) = sock.recvfrom(70000)
        tell(event="datagram", **{"from": host}, port=port, hex=data.hex())
        if echoes:
            sock.sendto(data, (host, port))


main()
