/** Sends a file to a printer's raw port (JetDirect): `bun examples/print_raw.ts 192.168.1.20 9100 label.zpl` */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "@parley/parley";

const [host = "printer.local", port = "9100", file = "label.zpl"] = process.argv.slice(2);
const job = new Uint8Array(await readFile(file));

// The printer gets the bytes as they are: PCL, PostScript, ZPL or plain text, whatever it speaks.
await using socket = await openTCPSocket({ remoteAddress: host, remotePort: Number(port) });
const writer = socket.writable.getWriter();
await writer.write(job);
await writer.close(); // the end of the job, not of the connection: what the printer says still arrives

// Most printers say nothing, and hang up when they have taken the job. One that was asked in PJL answers here.
const answer = await new Response(socket.readable).text();
console.log(`${socket.remoteAddress} took ${job.byteLength} bytes`);
if (answer !== "") console.log(`and said:\n${answer}`);
