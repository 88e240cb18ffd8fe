/** Parley as a program uses it: `openTCPSocket` of the public entry, through the real broker, approved by PARLEY_ALLOW. */
import { openTCPSocket } from "../../../mod.ts";
import type { Contestant } from "../contestant.ts";
import { overStreams } from "./streams.ts";

/** Parley. */
export const contestant: Contestant = {
  async open(port, reading) {
    const socket = await openTCPSocket({ remoteAddress: "127.0.0.1", remotePort: port, noDelay: true });
    const { readable, writable } = socket;
    return overStreams({ readable, writable, close: () => socket[Symbol.asyncDispose]() }, reading);
  },
};
