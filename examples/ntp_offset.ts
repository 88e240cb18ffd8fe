/**
 * Asks a time server how far this machine's clock is off (RFC 5905, as a client that asks once):
 * `PARLEY_ALLOW=udp://pool.ntp.org:123 deno run -A examples/ntp_offset.ts pool.ntp.org`
 */
import process from "node:process";
import { openUDPSocket } from "@parley/parley";

const [host = "pool.ntp.org", port = "123"] = process.argv.slice(2);
const PACKET_BYTES = 48;
const TRANSMIT_TIME = 40;
const TRIES = 4;
const TRY_MS = 2_000;

/** Seconds from 1900, where NTP counts from, to 1970; and how many it counts before it begins anew, in 2036. */
const EPOCH_S = 2_208_988_800;
const ERA_S = 2 ** 32;

/** Milliseconds since 1970 by this machine's clock, finer than `Date.now()`. */
const clockMs = (): number => performance.timeOrigin + performance.now();

/** Milliseconds since 1970 in an NTP time stamp; one without its highest bit is of the time after 2036. */
function readTimeMs(packet: DataView, at: number): number {
  const seconds = packet.getUint32(at);
  const sinceEpochS = (seconds < ERA_S / 2 ? seconds + ERA_S : seconds) - EPOCH_S;
  return (sinceEpochS + packet.getUint32(at + 4) / 2 ** 32) * 1000;
}

await using socket = await openUDPSocket({ remoteAddress: host, remotePort: Number(port) });
socket.addEventListener("networkerror", ({ error }) => console.error(`${error}`));

const requests = new Map<bigint, number>();

/** Sends a request. The time in it comes back; a random one tells nobody what our clock says, and cannot be guessed. */
function send(): void {
  if (requests.size === TRIES) return void socket.close(); // ends the loop below
  const request = new DataView(new ArrayBuffer(PACKET_BYTES));
  request.setUint8(0, 4 << 3 | 3); // version 4, client
  const [cookie = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  request.setBigUint64(TRANSMIT_TIME, cookie);
  requests.set(cookie, clockMs());
  socket.send(request).catch(console.error);
}

send();
const timer = setInterval(send, TRY_MS);
let found = false;
for await (const [, datagram] of socket) {
  const receivedMs = clockMs();
  const answer = new DataView(await datagram.arrayBuffer());
  if (answer.byteLength < PACKET_BYTES) continue;
  const sentMs = requests.get(answer.getBigUint64(24));
  const [mode, stratum] = [answer.getUint8(0) & 7, answer.getUint8(1)];
  if (sentMs === undefined || mode !== 4) continue; // no answer to a request of ours
  const reference = String.fromCharCode(...new Uint8Array(answer.buffer, 12, 4));
  if (stratum === 0) throw new RangeError(`${host} wants no requests: ${JSON.stringify(reference)}`);
  if (answer.getUint8(0) >> 6 === 3) throw new RangeError(`${host} does not know the time itself`);
  const [arrivedMs, leftMs] = [readTimeMs(answer, 32), readTimeMs(answer, TRANSMIT_TIME)];
  const offsetMs = (arrivedMs - sentMs + leftMs - receivedMs) / 2;
  const roundTripMs = receivedMs - sentMs - (leftMs - arrivedMs);
  console.log(`offset ${offsetMs.toFixed(3)} ms, give or take ${(roundTripMs / 2).toFixed(3)} ms; stratum ${stratum}`);
  found = true;
  break;
}
clearInterval(timer);
if (!found) throw new DOMException(`${host} does not answer`, "TimeoutError");
