"""A mail server that offers STARTTLS and takes mail only after it.

Arguments: certificate, key, directory for the mail. Prints "PORT n" when it is ready; keeps each message in the
directory, as it came, as N.eml, and its envelope as N.json, written last.
"""
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Keep:
    """Writes each message into the directory."""

    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        path = os.path.join(self.directory, str(self.count))
        with open(path + ".eml", "wb") as file:
            file.write(envelope.original_content)
        cipher = session.ssl and session.ssl["cipher"]
        facts = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "helo": session.host_name,
            "tls": cipher and cipher[1],
        }
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(facts, file)
        os.rename(path + ".part", path + ".json")
        return "250 kept"


async def main(certificate, key, directory):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    handler = Keep(directory)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="mail.test", tls_context=context, require_starttls=True, ident="Parley test"),
        "127.0.0.1",
        0,
    )
    print("PORT", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
