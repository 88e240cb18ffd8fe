/**
 * Listens on 127.0.0.1 as a JSON argument says, keeps what it accepts open until the other side ends it, and prints the port,
 * then ten times a second how it stands. Run as a process of its own, under a tracer or a limit of the test's choice.
 */
import process from "node:process";
import { parseIpAddress } from "../../../core/ip_address.ts";
import { isParleyError } from "../../../core/errors.ts";
import type { ByteLink } from "../../../net/port.ts";
import type { ListenOptions } from "../../../net/server_port.ts";
import { testGrant } from "../../support/test_grant.ts";
import { nativeBackend } from "../native_backend.ts";

/** How it stands. */
export interface AcceptStatus {
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Codes with which `accept` rejected, each once. */
  readonly codes: readonly string[];
  /** Processor time used so far. */
  readonly cpuMs: number;
}

const options: ListenOptions = JSON.parse(process.argv[2]!);
const net = await nativeBackend();
const listener = await net.listenTcp(testGrant(), { address: parseIpAddress("127.0.0.1")!, port: 0 }, options);
const codes = new Set<string>();
let accepted = 0;

async function hold(link: ByteLink): Promise<void> {
  const chunk = await link.readChunk().catch(() => null);
  if (chunk !== null) await link.write(chunk);
  link.close();
}

async function acceptAll(): Promise<void> {
  for (;;) {
    try {
      const link = await listener.accept();
      if (link === null) return;
      accepted++;
      void hold(link);
    } catch (error) {
      codes.add(isParleyError(error) ? error.code : String(error));
    }
  }
}

console.log(`PORT ${listener.local.port}`);
setInterval(() => {
  const { user, system } = process.cpuUsage();
  const status: AcceptStatus = { accepted, codes: [...codes], cpuMs: Math.round((user + system) / 1000) };
  console.log(`STATUS ${JSON.stringify(status)}`);
}, 100);
await acceptAll();
