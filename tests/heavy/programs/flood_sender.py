"""Sends datagrams to a port of this machine, in bursts that a receiver can keep up with. Arguments: port, count, bytes."""
import socket
import sys
import time

BURST = 100

port, count, size = (int(text) for text in sys.argv[1:4])
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(("127.0.0.1", port))
payload = bytes(size)
for number in range(count):
    sender.send(payload)
    if number % BURST == BURST - 1:
        time.sleep(0.001)
