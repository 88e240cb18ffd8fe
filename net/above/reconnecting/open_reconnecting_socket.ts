/** `openReconnectingSocket()`: options → connections that come back by themselves. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import type { NetContextSource } from "../../context.ts";
import { toTcpRequest } from "../../faces/raw_sockets/tcp_options.ts";
import type { TCPSocketOptions } from "../../faces/raw_sockets/tcp_options.ts";
import { toCount } from "../../option_values.ts";
import { randomFraction } from "./backoff.ts";
import { ReconnectingSocket, type ReconnectWait } from "./reconnecting_socket.ts";

/** Options of {@linkcode openReconnectingSocket}. */
export interface ReconnectingSocketOptions extends TCPSocketOptions {
  /** Attempts in a row that may fail before the loop throws, 1 to 1,000,000. Any number by default. */
  readonly maxFailures?: number;
  /** Told of every wait before an attempt: 1 s at first, then up to a ceiling that doubles to 60 s, with jitter. */
  readonly onWait?: (wait: ReconnectWait) => void;
}

const MAX_FAILURES = 1_000_000;

/**
 * Prepares connections to a destination. Nothing is asked and opened before they are asked for.
 *
 * @param source Whom for.
 * @param given Where to, and how.
 * @param random Gives a random number from 0 to 1; for tests.
 * @throws {TypeError} for options that can never work.
 */
export async function openReconnecting(
  source: NetContextSource,
  given: ReconnectingSocketOptions,
  random: () => number = randomFraction,
): Promise<ReconnectingSocket> {
  const request = toTcpRequest(given);
  const options = requireDictionary(given, "reconnecting socket options");
  const max = member(options, "maxFailures");
  const onWait = member(options, "onWait");
  if (onWait !== undefined && typeof onWait !== "function") throw new TypeError("Cannot use onWait: it is no function");
  return new ReconnectingSocket({
    context: await source(),
    request,
    maxFailures: max === undefined ? null : toCount(max, { what: "maxFailures", max: MAX_FAILURES, absent: 1 }),
    onWait: (onWait as ReconnectingSocketOptions["onWait"]) ?? null,
    random,
  });
}
