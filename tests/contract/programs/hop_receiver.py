"""Joins a group and prints, as one JSON record a line, its port and the hop limit of every datagram that arrives."""
import json
import socket
import struct
import sys

# Of <linux/in.h>; the module has no name for it.
IP_RECVTTL = 12

group, interface = sys.argv[1:3]
six = ":" in group
sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("::" if six else "0.0.0.0", 0))
index = socket.if_nametoindex(interface)
if six:
    membership = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
else:
    membership = socket.inet_aton(group) + socket.inet_aton("0.0.0.0") + struct.pack("@i", index)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
print(json.dumps({"event": "ready", "port": sock.getsockname()[1]}), flush=True)
while True:
    _, ancillary, _, _ = sock.recvmsg(64, 64)
    hops = struct.unpack("@i", ancillary[0][2][:4])[0]
    print(json.dumps({"event": "received", "hops": hops}), flush=True)
