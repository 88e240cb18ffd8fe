/**
 * Opens names over TCP and UDP with nothing but the engine, under whatever permissions Deno was given, and prints what came of
 * each: the address, or the code. Arguments: `tcp` or `udp`, the port, and the names with commas between. Nobody is asked: the
 * approvals are made here.
 */
import process from "node:process";
import { isParleyError } from "../../core/errors.ts";
import { createEngineHost } from "../../net/engine/engine_host.ts";
import { openTcp } from "../../net/engine/open_tcp.ts";
import { NO_TIMEOUTS } from "../../net/engine/timed_link.ts";
import { openUdp } from "../../net/engine/udp/open_udp.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { nativeBackend } from "../contract/native_backend.ts";
import { testGrant } from "../support/test_grant.ts";
import { udpOptions } from "../support/udp_fixture.ts";

const [transport = "tcp", port = "25", names = ""] = process.argv.slice(2);
const host = createEngineHost(await nativeBackend(), systemClock);
const { signal } = new AbortController();

async function open(name: string): Promise<string> {
  const grant = testGrant({ scheme: transport === "udp" ? "udp" : "tcp", host: name, port: Number(port) });
  try {
    const socket = transport === "udp"
      ? await openUdp(host, grant, { ...udpOptions([]), connectTimeoutMs: 5_000 })
      : await openTcp(host, grant, {
        signal,
        connectTimeoutMs: 5_000,
        noDelay: false,
        keepAliveDelayMs: null,
        dnsQueryType: null,
        timeouts: NO_TIMEOUTS,
        via: null,
        tls: null,
        copyWrites: false,
        toFaceError: (error) => error,
      });
    const address = socket.remote?.address ?? "";
    await socket.close();
    return address;
  } catch (error) {
    return isParleyError(error) ? error.code : String(error);
  }
}

const outcomes: Record<string, string> = {};
for (const name of names.split(",")) outcomes[name] = await open(name);
process.stdout.write(`${JSON.stringify({ outcomes })}\n`);
process.exit(0);
