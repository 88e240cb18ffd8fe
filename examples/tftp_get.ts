/**
 * Fetches a file by TFTP (RFC 1350), as devices do for their firmware:
 * `PARLEY_ALLOW=listen+udp://0.0.0.0:0,udp://192.168.1.2:69 bun examples/tftp_get.ts 192.168.1.2 69 boot.cfg copy.cfg`
 *
 * The server answers from a new port, not from the one that it was asked at. A socket of `openUDPSocket()` has one peer and
 * hears nobody else, so this is a case for a bound one. The operator approves the port that is asked at; acknowledgements to
 * the new port are short answers to what came from there, which a bound socket may send without a question.
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { bindUDPSocket, type UDPDestination } from "@parley/parley";

const [host = "192.168.1.2", port = "69", file = "boot.cfg", copy = file] = process.argv.slice(2);
const [READ, DATA, ACKNOWLEDGE, ERROR] = [1, 3, 4, 5];
const BLOCK_BYTES = 512;
const MAX_BLOCKS = 65_535;
const TRIES = 5;
const TRY_MS = 1_000;

await using socket = await bindUDPSocket({ localAddress: "0.0.0.0" });
let due = new TextEncoder().encode(`\0${String.fromCharCode(READ)}${file}\0octet\0`);
let to: UDPDestination = { remoteAddress: host, remotePort: Number(port) };
let tries = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Sends what is due, and again when nothing comes. The first time this waits for the operator. */
async function send(): Promise<void> {
  clearTimeout(timer);
  if (tries++ === TRIES) return await socket.close(); // ends the loop below
  await socket.send(due, to);
  timer = setTimeout(() => void send().catch(console.error), TRY_MS);
}

await send();
const blocks: Uint8Array<ArrayBuffer>[] = [];
for await (const { data, remoteAddress, remotePort } of socket) {
  // Whoever sends the first block is the server from then on: TFTP has no better proof.
  if (blocks.length > 0 && (to.remoteAddress !== remoteAddress || to.remotePort !== remotePort)) continue;
  if (data.byteLength < 4) continue;
  const [, code = 0, high = 0, low = 0] = data;
  const content = data.subarray(4);
  if (code === ERROR) throw new RangeError(`${host} refuses: ${JSON.stringify(new TextDecoder().decode(content))}`);
  // A block that is there already came again because our word for it was lost; the timer sends that again.
  if (code !== DATA || high * 256 + low !== blocks.length + 1) continue;
  blocks.push(content);
  [due, to, tries] = [new Uint8Array([0, ACKNOWLEDGE, high, low]), { remoteAddress, remotePort }, 0];
  await send();
  if (content.byteLength < BLOCK_BYTES) break;
  if (blocks.length === MAX_BLOCKS) throw new RangeError(`${file} is longer than ${MAX_BLOCKS} blocks`);
}
clearTimeout(timer);
if (blocks.at(-1)?.byteLength === BLOCK_BYTES || blocks.length === 0) {
  throw new DOMException(`${host} does not answer any more`, "TimeoutError");
}
const content = await new Blob(blocks).bytes();
await writeFile(copy, content);
console.log(`${content.byteLength} bytes from ${to.remoteAddress} port ${to.remotePort}`);
