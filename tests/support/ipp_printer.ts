/**
 * An IPP printer by `ippeveprinter` of CUPS: what the makers of printers test against. It wants a system bus, for mDNS that is
 * switched off here: it gets one of its own.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PeerServer } from "./echo_server.ts";
import { freePort } from "./free_port.ts";
import { untilListening } from "./listening.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";

/** An IPP printer. */
export interface IppPrinter extends PeerServer {
  /** The URI of its one queue. */
  readonly uri: string;
  /** Every document so far, in the order of the jobs. */
  documents(): Promise<Uint8Array[]>;
}

/** Starts a printer for PDF and plain text on the loopback addresses. Its log tells of every operation and job. */
export async function startIppPrinter(): Promise<IppPrinter> {
  await using stack = new AsyncDisposableStack();
  const bus = stack.use(await startBus());
  const directory = await makeTempDirectory("ipp");
  const port = await freePort();
  const { server } = await ServerProcess.start({
    name: "ippeveprinter",
    command: "/usr/sbin/ippeveprinter",
    args: [
      ...["-v", "-p", String(port), "-n", "localhost", "-r", "off", "-d", directory.path],
      // Documents are kept. What would print them does nothing, at once; without it each job takes seconds.
      ...["-k", "-c", "/usr/bin/true", "-f", "application/pdf,text/plain", "Parley"],
    ],
    ready: /printer-uuid=/,
    directory,
    env: { DBUS_SYSTEM_BUS_ADDRESS: bus.address },
  });
  stack.use(server);
  await untilListening(port);
  const running = stack.move();
  return {
    port,
    uri: `ipp://localhost:${port}/ipp/print`,
    process: server,
    documents: () => readDocuments(directory.path),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function startBus(): Promise<AsyncDisposable & { readonly address: string }> {
  const directory = await makeTempDirectory("bus");
  const config = join(directory.path, "bus.conf");
  const lines = [
    "<busconfig>",
    `<listen>unix:path=${directory.path}/socket</listen>`,
    "<auth>EXTERNAL</auth>",
    '<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>',
    "</busconfig>",
  ];
  await writeFile(config, lines.join("\n"));
  const { server, ready } = await ServerProcess.start({
    name: "dbus-daemon",
    command: "/usr/bin/dbus-daemon",
    args: [`--config-file=${config}`, "--nofork", "--nopidfile", "--print-address"],
    ready: /^unix:path=\S+/m,
    directory,
  });
  return { address: ready[0], [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function readDocuments(directory: string): Promise<Uint8Array[]> {
  // Named by job, as 1-untitled.pdf; beside each lies what its command printed, as 1-untitled.prn.
  const names = (await readdir(directory)).filter((name) => /^\d+-.*(?<!\.prn)$/.test(name));
  names.sort((a, b) => parseInt(a) - parseInt(b));
  return await Promise.all(names.map((name) => readFile(join(directory, name))));
}
