/** The demo's sample script: what an author writes to send a mail over STARTTLS. Only Parley's public API is used. */
import type { NavigatorRawSockets, TCPSocket } from "../../net/faces/raw_sockets/mod.ts";

/** A mail, where it goes, and who looks on. */
export interface MailJob {
  /** Port of the server on this machine. */
  readonly port: number;
  /** The authority that signed the server's certificate. */
  readonly ca: string;
  /** The mail, with LF line ends. */
  readonly text: string;
  /** Told of every line: `<` from the server, `>` to it, `*` for what happened between. */
  onLine(mark: "<" | ">" | "*", line: string): void;
}

/** Sends the mail. */
export async function sendMail(navigator: NavigatorRawSockets, job: MailJob): Promise<void> {
  const plain = await navigator.openTCPSocket({
    remoteAddress: "localhost",
    remotePort: job.port,
    secureTransport: "starttls",
    tls: { ca: job.ca },
  });
  const before = new Conversation(plain, job);
  await before.expect("220");
  await before.command("EHLO [127.0.0.1]", "250");
  await before.command("STARTTLS", "220");
  before.release();

  await using secure = await plain.startTls();
  job.onLine("*", `encrypted with ${secure.tlsInfo?.protocol}, certificate for ${secure.tlsInfo?.serverName} checked`);
  const after = new Conversation(secure, job);
  await after.command("EHLO [127.0.0.1]", "250");
  await after.command("MAIL FROM:<script@demo.invalid>", "250");
  await after.command("RCPT TO:<you@demo.invalid>", "250");
  await after.command("DATA", "354");
  await after.command(`${job.text.replaceAll(/^\./gmu, "..").replaceAll("\n", "\r\n")}\r\n.`, "250");
  await after.command("QUIT", "221");
  after.release();
}

/** Commands and answers, a line each. */
class Conversation {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  readonly #job: MailJob;
  #text = "";

  constructor(socket: TCPSocket, job: MailJob) {
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    this.#job = job;
  }

  async command(text: string, code: string): Promise<void> {
    for (const line of text.split("\r\n")) this.#job.onLine(">", line);
    await this.#writer.write(new TextEncoder().encode(`${text}\r\n`));
    await this.expect(code);
  }

  async expect(code: string): Promise<void> {
    for (;;) {
      const line = await this.#line();
      this.#job.onLine("<", line);
      if (!line.startsWith(code)) throw new TypeError(`Cannot send the mail: the server said ${line}`);
      if (line.charAt(3) !== "-") return;
    }
  }

  release(): void {
    this.#reader.releaseLock();
    this.#writer.releaseLock();
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\r\n")) {
      const { done, value } = await this.#reader.read();
      if (done) throw new TypeError("Cannot send the mail: the server hung up");
      this.#text += new TextDecoder().decode(value);
    }
    const [line = ""] = this.#text.split("\r\n", 1);
    this.#text = this.#text.slice(line.length + 2);
    return line;
  }
}
