/**
 * Sends a mail by nodemailer, over a connection that the operator approved; nodemailer upgrades it with STARTTLS itself:
 * `PARLEY_ALLOW=mail.example.org:587 deno run -A examples/send_mail.ts mail.example.org 587 ada@example.org bob@example.org`
 *
 * MAIL_PASSWORD logs the sender in; MAIL_CA names a file with the authority to trust, where it is a private one.
 */
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import process from "node:process";
import { openTCPSocket } from "@parley/parley";
import { toNodeDuplex } from "@parley/parley/node";
import { createTransport } from "nodemailer";

const [host = "mail.example", port = "587", from = "ada@example.org", to = "bob@example.org"] = process.argv.slice(2);
const { MAIL_PASSWORD: pass, MAIL_CA: ca } = process.env;

const transport = createTransport({
  host,
  port: Number(port),
  requireTLS: true, // nothing is sent, and nobody logged in, where STARTTLS is not offered
  tls: ca === undefined ? {} : { ca: await readFile(ca, "utf8") },
  ...(pass === undefined ? {} : { auth: { user: from, pass } }),
  // The only place that opens a connection. It wants the class of Node's sockets by its types only.
  getSocket: (_options, callback) => {
    openTCPSocket({ remoteAddress: host, remotePort: Number(port) }).then(
      (socket) => callback(null, { connection: toNodeDuplex(socket) as unknown as Socket }),
      (error) => callback(error),
    );
  },
});

const sent = await transport.sendMail({
  from,
  to,
  subject: "Greetings",
  text: "Sent over a socket that was asked for.\n",
});
console.log(`${sent.accepted.join(", ")}: ${sent.response}`);
