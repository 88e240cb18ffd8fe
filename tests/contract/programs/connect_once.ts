/**
 * Connects to 127.0.0.1 as a JSON argument says and prints what came of it as JSON. Run as a process of its own, with an
 * environment or under a tracer of the test's choice.
 */
import { parseIpAddress } from "../../../core/ip_address.ts";
import { isParleyError } from "../../../core/errors.ts";
import type { TlsTerms } from "../../../net/port.ts";
import { testGrant } from "../../support/test_grant.ts";
import { nativeBackend } from "../native_backend.ts";
import process from "node:process";

/** What the program is told. */
export interface ConnectOnce {
  readonly port: number;
  readonly noDelay: boolean;
  readonly keepAliveDelayMs: number | null;
  readonly tls: TlsTerms | null;
}

const { port, noDelay, keepAliveDelayMs, tls }: ConnectOnce = JSON.parse(process.argv[2]!);
const { signal } = new AbortController();
const net = await nativeBackend();
try {
  const link = await net.connect(testGrant(), { address: parseIpAddress("127.0.0.1")!, port }, {
    signal,
    noDelay,
    keepAliveDelayMs,
  });
  const result = tls === null ? null : await net.tls(testGrant(), link, tls, { signal });
  console.log(
    JSON.stringify(
      result === null
        ? { connected: true }
        : { trusted: result.trusted, reason: result.trusted ? null : result.reason },
    ),
  );
  (result?.trusted ? result.link : link).close();
} catch (error) {
  console.log(JSON.stringify({ code: isParleyError(error) ? error.code : String(error) }));
}
