/**
 * Chats on IRC (RFC 2812): says each line of standard input in a channel, and prints what the others say:
 * `PARLEY_ALLOW=irc.example.org:6697 bun examples/irc.ts 'ircs://ada@irc.example.org/#parley'`
 *
 * `irc:` is without TLS. IRC_CA names a file with the authority to trust, where it is a private one.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";
import { LineDecoderStream, LineEncoderStream, openTCPSocket } from "@parley/parley";

const { protocol, username: nick, hostname, port, hash: channel } = new URL(process.argv[2] ?? "");
const { IRC_CA } = process.env;
const tls = IRC_CA === undefined ? {} : { ca: await readFile(IRC_CA, "utf8") };
await using socket = await openTCPSocket({
  remoteAddress: hostname,
  remotePort: Number(port || (protocol === "ircs:" ? 6697 : 6667)),
  secureTransport: protocol === "ircs:" ? "on" : "off",
  tls,
});

// The encoder refuses a line break within a line: nobody's text becomes a command.
const encoder = new LineEncoderStream();
const sent = encoder.readable.pipeTo(socket.writable);
const commands = encoder.writable.getWriter();
void commands.write(`NICK ${nick}`);
void commands.write(`USER ${nick} 0 * :${nick}`);

for await (const line of socket.readable.pipeThrough(new LineDecoderStream({ maxBytes: 8 * 1024 }))) {
  const [, from = "", command = "", rest = ""] = /^(?::([^ !]+)\S* )?(\S+) ?(.*)$/.exec(line) ?? [];
  const text = rest.slice(rest.indexOf(":") + 1);
  if (command === "PING") void commands.write(`PONG :${text}`);
  else if (command === "001") void commands.write(`JOIN ${channel}`); // welcome
  else if (command === "366") speak(); // the end of the list of who is there: we are in
  else if (command === "PRIVMSG") console.log(`<${from}> ${text}`);
  else if (command === "ERROR") break; // the server's good-bye
  else if (/^[45]/.test(command)) console.error(rest);
  if (command === "433") break; // the nick is taken
}
await commands.close();
await sent;
process.exit(); // or reading standard input would keep the program

function speak(): void {
  console.log(`You are in ${channel}`);
  const input = createInterface({ input: process.stdin });
  input.on("line", (text) => void commands.write(`PRIVMSG ${channel} :${text}`));
  input.on("close", () => void commands.write("QUIT"));
}
