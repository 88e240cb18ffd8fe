"""Hosts at port 443 for the CORS guard, each at an address of its own: HTTP over TLS by the standard library's server, and
hosts that answer in other ways. Standard library only.

Arguments: certificate, key, JSON of kinds by address. Writes one JSON record a line: `ready`, `connected` (address), `heard`
(address, text). Ends when standard input does.
"""

import http.server
import json
import os
import socket
import ssl
import sys
import threading

OUTPUT = threading.Lock()


def say(**record):
    with OUTPUT:
        sys.stdout.write(json.dumps(record) + "\n")
        sys.stdout.flush()


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.respond(200, b"the page", Connection="close")
        self.close_connection = True

    def do_OPTIONS(self):
        say(event="heard", address=self.server.address, text=f"{self.requestline}\r\n{self.headers}")
        if self.server.kind == "cors":
            self.respond(204, Access_Control_Allow_Origin="https://other.example")
        else:
            self.respond(405, Allow="GET")

    def log_message(self, *_):
        pass


def serve(listener, address, kind, context):
    while True:
        connection, _ = listener.accept()
        say(event="connected", address=address)
        threading.Thread(target=answer, args=(connection, address, kind, context), daemon=True).start()


def answer(connection, address, kind, context):
    try:
        with connection:
            if kind == "plain":
                connection.sendall(b"SSH-2.0-Plain\r\n")
                connection.recv(4096)
                return
            with context.wrap_socket(connection, server_side=True) as secure:
                speak(secure, address, kind)
                # An orderly end: the standard library's server does not send close_notify by itself.
                secure.unwrap()
    except OSError:
        pass


def speak(secure, address, kind):
    if kind in ("cors", "no-cors"):
        server = type("Server", (), {"address": address, "kind": kind})()
        Page(secure, (address, 0), server)
    elif kind == "garbage":
        secure.sendall(b"220 ready\r\n")
        secure.recv(4096)
    elif kind == "long":
        secure.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000)
        secure.recv(4096)
    else:
        while secure.recv(4096):
            pass


def main():
    certificate, key, kinds = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for address, kind in kinds.items():
        listener = socket.create_server((address, 443))
        threading.Thread(target=serve, args=(listener, address, kind, context), daemon=True).start()
    say(event="ready")
    sys.stdin.buffer.read()
    os._exit(0)


main()
