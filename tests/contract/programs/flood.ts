/** Sends datagrams of 1000 bytes to a port of 127.0.0.1, as many as the second argument says. A process of its own. */
import dgram from "node:dgram";
import process from "node:process";

const [port = "", count = ""] = process.argv.slice(2);
const socket = dgram.createSocket("udp4");
const bytes = new Uint8Array(1000);
const send = (): Promise<void> =>
  new Promise((resolve, reject) =>
    socket.send(bytes, Number(port), "127.0.0.1", (error) => error ? reject(error) : resolve())
  );
await new Promise<void>((bound) => socket.bind(0, "127.0.0.1", bound));
for (let sent = 0; sent < Number(count); sent++) await send();
socket.close();
