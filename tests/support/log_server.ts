/** A log server by `rsyslog`, over UDP and TCP. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import { onFreeUdpPort, untilBound } from "./udp_port.ts";

/** A message as the server understood it. */
export interface LoggedMessage {
  /** The text, with the mark of UTF-8. */
  readonly msg: string;
  /** Priority: 8 times the facility, and the severity. */
  readonly pri: string;
  /** `1` for RFC 5424. */
  readonly "protocol-version": string;
  /** Name of the program. */
  readonly "app-name": string;
  /** What kind of message. */
  readonly msgid: string;
  /** Its structured data. */
  readonly "structured-data": string;
  /** `imudp` or `imtcp`. */
  readonly inputname: string;
  /** When it arrived. */
  readonly timegenerated: string;
}

/** A log server. */
export interface LogServer extends AsyncDisposable {
  /** Port for datagrams. */
  readonly udpPort: number;
  /** Port for connections. */
  readonly tcpPort: number;
  /** Waits until so many messages that contain a text of letters, digits and blanks have come, and reads them. */
  messages(count: number, text: string): Promise<LoggedMessage[]>;
}

/** Starts a log server on 127.0.0.1. */
export function startLogServer(): Promise<LogServer> {
  return onFreeUdpPort(async (udpPort) => {
    const directory = await makeTempDirectory("rsyslog");
    const config = join(directory.path, "rsyslog.conf");
    await writeFile(config, configuration(directory.path, udpPort));
    const { server } = await ServerProcess.start({
      name: "rsyslogd",
      command: "/usr/sbin/rsyslogd",
      args: ["-n", "-f", config, "-i", join(directory.path, "rsyslogd.pid")],
      // It prints nothing but the messages.
      ready: /^/,
      directory,
    });
    await untilBound(server, udpPort);
    return {
      udpPort,
      tcpPort: Number(await readFile(join(directory.path, "tcp.port"), "latin1")),
      messages: (count, text) => messages(server, { count, text }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
}

function configuration(directory: string, udpPort: number): string {
  return [
    `global(workDirectory="${directory}")`,
    'module(load="imudp")',
    'module(load="imtcp")',
    'template(name="json" type="list") { property(name="jsonmesg") constant(value="\\n") }',
    'ruleset(name="keep") { action(type="omfile" file="/dev/stdout" template="json") }',
    `input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="${directory}/tcp.port" ruleset="keep")`,
    `input(type="imudp" address="127.0.0.1" port="${udpPort}" ruleset="keep")`,
    "",
  ].join("\n");
}

async function messages(
  server: ServerProcess,
  { count, text }: { readonly count: number; readonly text: string },
): Promise<LoggedMessage[]> {
  const line = new RegExp(`.*${text}.*\\n`);
  for (let found = 0, from = 0; found < count; found++) {
    const match = await server.waitForLog(line, { from });
    from += match.index + match[0].length;
  }
  const found = server.log().split("\n").filter((one) => one.includes(text));
  return found.map((one) => JSON.parse(new TextDecoder().decode(Uint8Array.from(one, toByte))) as LoggedMessage);
}

function toByte(character: string): number {
  return character.charCodeAt(0);
}
