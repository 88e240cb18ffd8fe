/** What a peer sends, on its way to standard output: as it is into a pipe, escaped on a terminal (CON-11). */
import { escapeBytes, heldBack } from "../core/escape.ts";
import type { CommandHost } from "../runtime/command.ts";

/** Where the peer's bytes go. */
export interface PeerOutput {
  /** Writes a chunk; bytes of a character that is not complete yet wait for the next. */
  write(bytes: Uint8Array): Promise<void>;
  /** Writes what waited. */
  end(): Promise<void>;
}

/**
 * Makes the output.
 *
 * @param host Standard output.
 * @param raw Whether the operator wants the bytes as they are, on a terminal too.
 */
export function createPeerOutput(host: CommandHost, raw: boolean): PeerOutput {
  if (raw || !host.stdoutIsTerminal) {
    return { write: (bytes) => host.writeOut(bytes), end: () => Promise.resolve() };
  }
  let held = new Uint8Array(0);
  const show = (bytes: Uint8Array): Promise<void> =>
    bytes.byteLength === 0
      ? Promise.resolve()
      : host.writeOut(new TextEncoder().encode(escapeBytes(bytes, { newlines: "keep", maxLength: Infinity })));
  return {
    async write(bytes) {
      const all = new Uint8Array(held.byteLength + bytes.byteLength);
      all.set(held);
      all.set(bytes, held.byteLength);
      const ready = all.byteLength - heldBack(all);
      held = all.slice(ready);
      await show(all.subarray(0, ready));
    },
    async end() {
      await show(held);
    },
  };
}
