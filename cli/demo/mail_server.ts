/** The demo's mail server: SMTP (RFC 5321) with STARTTLS (RFC 3207), which it insists on. Keeps mail in memory. */
import type { ByteLink } from "../../net/port.ts";
import { LinkLines } from "./link_lines.ts";

/** A mail that was delivered. */
export interface DeliveredMail {
  /** Envelope sender. */
  readonly from: string;
  /** Envelope recipients. */
  readonly to: readonly string[];
  /** Header and body as they arrived, with LF line ends. */
  readonly text: string;
}

/** What the server works with. */
export interface MailServerOptions {
  /** Makes the server's side of a TLS handshake. */
  secure(link: ByteLink): Promise<ByteLink>;
  /** Told of each mail. */
  onMail(mail: DeliveredMail): void;
}

const MAX_MAIL_LINES = 1_000;

/**
 * Serves one connection.
 *
 * @param link The connection.
 * @param options TLS and where mail goes.
 */
export async function serveMail(link: ByteLink, options: MailServerOptions): Promise<void> {
  const plain = new LinkLines(link);
  await plain.say("220 demo.invalid ESMTP, STARTTLS required");
  for (;;) {
    const line = await plain.next();
    if (line === null) return;
    const verb = line.slice(0, 8).toUpperCase();
    if (verb.startsWith("EHLO")) await plain.say("250-demo.invalid", "250 STARTTLS");
    else if (verb.startsWith("QUIT")) return await plain.say("221 Bye");
    else if (verb === "STARTTLS") break;
    else await plain.say("530 Must issue a STARTTLS command first");
  }
  // What was read ahead came in plaintext; a client that is not attacked has sent nothing yet.
  if (plain.buffered > 0) return await plain.say("501 Data after STARTTLS");
  await plain.say("220 Go ahead");
  await receiveMail(new LinkLines(await options.secure(link)), options);
}

async function receiveMail(lines: LinkLines, options: MailServerOptions): Promise<void> {
  let from = "";
  let to: string[] = [];
  for (;;) {
    const line = await lines.next();
    if (line === null) return;
    const path = /^(?:MAIL FROM|RCPT TO):<([^<>]*)>/iu.exec(line)?.[1] ?? "";
    switch (line.slice(0, 4).toUpperCase()) {
      case "EHLO":
        await lines.say("250-demo.invalid", "250 8BITMIME");
        break;
      case "MAIL":
        from = path;
        await lines.say("250 Sender ok");
        break;
      case "RCPT":
        to = [...to, path].slice(0, 10);
        await lines.say("250 Recipient ok");
        break;
      case "DATA":
        await lines.say("354 End with a dot on a line by itself");
        options.onMail({ from, to, text: await readText(lines) });
        to = [];
        await lines.say("250 Delivered");
        break;
      case "QUIT":
        return await lines.say("221 Bye");
      default:
        await lines.say("502 Command not implemented");
    }
  }
}

async function readText(lines: LinkLines): Promise<string> {
  const text: string[] = [];
  for (let line = await lines.next(); line !== null && line !== "."; line = await lines.next()) {
    // RFC 5321 section 4.5.2: a leading dot was doubled.
    if (text.length < MAX_MAIL_LINES) text.push(line.startsWith(".") ? line.slice(1) : line);
  }
  return text.join("\n");
}
