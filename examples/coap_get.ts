/**
 * Reads a resource of a CoAP device (RFC 7252) and prints it; with a number at the end, observes it (RFC 7641) until it has
 * been heard that many times:
 * `PARLEY_ALLOW=udp://sensor.local:5683 deno run -A examples/coap_get.ts sensor.local 5683 /temperature 3`
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { generate, type NamedOption, parse } from "coap-packet";
import { openUDPSocket } from "@parley/parley";

const [host = "sensor.local", port = "5683", resource = "/.well-known/core", times = "1"] = process.argv.slice(2);

const life = new AbortController();
await using socket = await openUDPSocket({ remoteAddress: host, remotePort: Number(port), signal: life.signal });
socket.addEventListener("networkerror", ({ error }) => console.error(`${error}; trying on`));

// The token tells our answers from others; nobody who does not see our datagrams can guess it.
const token = Buffer.from(crypto.getRandomValues(new Uint8Array(8)));
let messageId = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
const { pathname, search } = new URL(resource, "coap://device");
const parts = (name: NamedOption["name"], texts: string[]): NamedOption[] =>
  texts.filter((text) => text !== "").map((text) => ({ name, value: Buffer.from(decodeURIComponent(text)) }));
const where = [...parts("Uri-Path", pathname.split("/")), ...parts("Uri-Query", search.slice(1).split("&"))];

/** A GET; `observe` 0 asks to be told of changes, 1 not to be told any more. */
function get(confirmable: boolean, observe: 0 | 1 | null): Uint8Array<ArrayBuffer> {
  const option: NamedOption[] = observe === null ? [] : [{ name: "Observe", value: Buffer.from(observe ? [1] : []) }];
  messageId = (messageId + 1) % 65536;
  return new Uint8Array(generate({ code: "GET", confirmable, messageId, token, options: [...option, ...where] }));
}

/** What tells the device that a message of its own has arrived. */
function acknowledgement(messageId: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(generate({ code: "0.00", ack: true, messageId }));
}

const observes = Number(times) > 1;
const request = get(true, observes ? 0 : null);
const requestId = messageId;
let timer: ReturnType<typeof setTimeout>;

/** Datagrams get lost: it is sent again after 2 to 3 s, and then after twice as long each time, until it is acknowledged. */
function transmit(waitMs: number, retries: number): void {
  socket.send(request).catch((error) => life.abort(error));
  timer = setTimeout(() => {
    if (retries === 0) life.abort(new DOMException(`${host} does not answer`, "TimeoutError"));
    else transmit(waitMs * 2, retries - 1);
  }, waitMs);
}

transmit(2_000 + 1_000 * Math.random(), 4);
let heard = 0;
for await (const { data } of socket.readable) {
  const message = parse(Buffer.from(data));
  if (message.messageId === requestId) clearTimeout(timer!); // an answer later comes in a message of its own
  if (message.reset) throw new RangeError(`${host} rejects the message`);
  if (message.code === "0.00" || !message.token.equals(token)) continue;
  clearTimeout(timer!);
  if (message.confirmable) await socket.send(acknowledgement(message.messageId));
  if (!message.code.startsWith("2.")) throw new RangeError(`${host} refuses: ${message.code}`);
  console.log(message.payload.toString());
  if (++heard === Number(times)) break;
}
if (observes) await socket.send(get(false, 1));
