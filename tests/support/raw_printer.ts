/** A printer's raw port (JetDirect) by Debian's `p910nd`; the printer behind it is a file. */
import { readFile, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import type { PeerServer } from "./echo_server.ts";
import { untilListening } from "./listening.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";

/** A printer's raw port. */
export interface RawPrinter extends PeerServer {
  /** Takes out what it printed last. A file has no end as paper has: the next job begins where this one did. */
  takePaper(): Promise<Uint8Array>;
}

/** It takes a printer's number, not a port: 9101 for 1, and so on. */
const FIRST_PORT = 9100;
const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

/** Its lock folder is a fixed one, which only its service makes: it gets one of its own, seen by nobody else. */
const START = 'mount -t tmpfs none /run/lock && mkdir /run/lock/p910nd && exec /usr/sbin/p910nd "$@"';

/** Starts a raw port on 127.0.0.1, the first that is free from 9101 to 9109. */
export async function startRawPrinter(): Promise<RawPrinter> {
  const number = await freeNumber();
  const port = FIRST_PORT + number;
  const directory = await makeTempDirectory("p910nd");
  const paper = join(directory.path, "paper");
  await writeFile(paper, "");
  const mapped = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const { server } = await ServerProcess.start({
    name: "p910nd",
    command: "/usr/bin/unshare",
    args: [...mapped, "--mount", "sh", "-c", START, "p910nd", "-d", "-f", paper, "-i", "127.0.0.1", String(number)],
    ready: /^/,
    directory,
  });
  try {
    await untilListening(port);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return {
    port,
    process: server,
    takePaper: async () => {
      const printed = await readFile(paper);
      await truncate(paper);
      return printed;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function freeNumber(): Promise<number> {
  for (const number of NUMBERS) if (await isFree(FIRST_PORT + number)) return number;
  throw new TypeError("Cannot start p910nd: the ports 9101 to 9109 are taken");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
