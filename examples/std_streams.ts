/** Parley's streams with @std/streams and @std/net: lines from a server (needs JSR): `deno run -A examples/std_streams.ts` */
import { openTCPSocket } from "@parley/parley";
import { isIPv4 } from "@std/net/unstable-ip";
import { TextLineStream } from "@std/streams/text-line-stream";

await using socket = await openTCPSocket({ remoteAddress: "time.nist.gov", remotePort: 13 });
console.log(`connected over ${isIPv4(socket.remoteAddress) ? "IPv4" : "IPv6"}`);
const lines = socket.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
for await (const line of lines) console.log(line);
