/** Says what the Deno back end can do under the permissions it was started with. Prints JSON; never prompts. */
import process from "node:process";
import { parseIpAddress } from "../../../core/ip_address.ts";
import { isParleyError } from "../../../core/errors.ts";
import type { NetBackend } from "../../../net/port.ts";
import { nativeBackend } from "../native_backend.ts";

/** The back ends take a Grant for the type's sake only; minting one needs nothing that permissions could refuse. */
import { testGrant } from "../../support/test_grant.ts";

const port = Number(process.argv[2]);
const net: NetBackend = await nativeBackend();
const options = { signal: new AbortController().signal, noDelay: true, keepAliveDelayMs: null };

async function outcome(
  call: () => Promise<{ close?(): void; readonly remote?: { readonly address: string } } | unknown[]>,
): Promise<string> {
  try {
    const came = await call();
    if (Array.isArray(came)) return "resolved";
    came.close?.();
    return came.remote?.address ?? "";
  } catch (error) {
    return isParleyError(error) ? error.code : String(error);
  }
}

console.log(JSON.stringify({
  canResolve: await net.canResolve("localhost", port),
  resolve: await outcome(() => net.resolve(testGrant(), "mail.example", { type: null, signal: options.signal })),
  byName: await outcome(() => net.connectByName(testGrant(), { host: "localhost", port }, options)),
  byAddress: await outcome(() => net.connect(testGrant(), { address: parseIpAddress("127.0.0.1")!, port }, options)),
}));
