/** Reads exactly so many bytes from a link: what comes after a proxy's answer belongs to the tunnel (NET-26). */
import { ParleyError } from "../../../core/errors.ts";
import type { ByteLink } from "../../port.ts";

/**
 * Reads exactly `length` bytes, and not one more.
 *
 * @param link The link.
 * @param length At least 1.
 * @throws {ParleyError} `NET_PROXY` when the link ends before; what the link fails with.
 */
export async function readExactly(link: ByteLink, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await link.read(bytes.subarray(at));
    if (count === 0) throw proxyError("it ended the connection in the middle of its answer");
    at += count;
  }
  return bytes;
}

/** The error for a proxy that refuses or does not speak its protocol. */
export function proxyError(
  state: string,
  detail: Readonly<Record<string, string | number | boolean>> = {},
): ParleyError {
  return new ParleyError("NET_PROXY", `Cannot connect through the proxy: ${state}`, { detail });
}
