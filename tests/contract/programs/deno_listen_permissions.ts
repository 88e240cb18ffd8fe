/** Says what the Deno back end can listen on and reach under the permissions it was started with. Prints JSON; never prompts. */
import process from "node:process";
import { parseIpAddress } from "../../../core/ip_address.ts";
import { isParleyError } from "../../../core/errors.ts";
import { nativeBackend } from "../native_backend.ts";

/** The back ends take a Grant for the type's sake only; minting one needs nothing that permissions could refuse. */
import { testGrant } from "../../support/test_grant.ts";

const path = process.argv[2]!;
const net = await nativeBackend();
const address = parseIpAddress("127.0.0.1")!;
const settings = { backlog: 1, ipv6Only: false, noDelay: true, keepAliveDelayMs: null };
const { signal } = new AbortController();

async function outcome(call: () => Promise<{ close(): void }>): Promise<string> {
  try {
    (await call()).close();
    return "";
  } catch (error) {
    return isParleyError(error) ? error.code : String(error);
  }
}

console.log(JSON.stringify({
  tcp: await outcome(() => net.listenTcp(testGrant(), { address, port: 0 }, settings)),
  path: await outcome(() => net.listenPath(testGrant(), path, { backlog: 1 })),
  toPath: await outcome(() => net.connectPath(testGrant(), path, { signal })),
}));
