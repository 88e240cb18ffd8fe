/**
 * Asks for connections, one after another, says a line on each and prints what came of it: one JSON record a line, after
 * `@@`. Needs nothing but Parley, so that Deno's least permissions can be tried with it.
 *
 * Arguments: `host:port` each.
 */
import { openTCPSocket } from "../../../mod.ts";

// On Deno without a permission, so that the program itself is no reason for a prompt.
const args: readonly string[] = "Deno" in globalThis
  ? (globalThis as unknown as { readonly Deno: { readonly args: readonly string[] } }).Deno.args
  : (globalThis as unknown as { readonly process: { readonly argv: readonly string[] } }).process.argv.slice(2);

for (const target of args) {
  const colon = target.lastIndexOf(":");
  console.log(`@@${JSON.stringify(await attempt(target.slice(0, colon), Number(target.slice(colon + 1))))}`);
}

async function attempt(remoteAddress: string, remotePort: number): Promise<Readonly<Record<string, unknown>>> {
  try {
    await using socket = await openTCPSocket({ remoteAddress, remotePort });
    const writer = socket.writable.getWriter();
    await writer.write(new TextEncoder().encode("QUIT\r\n"));
    const { value } = await socket.readable.getReader().read();
    return {
      event: "connected",
      address: socket.remoteAddress,
      firstLine: new TextDecoder().decode(value).split("\r\n")[0],
    };
  } catch (error) {
    const { name, message } = error as DOMException;
    return { event: "failed", name, message };
  }
}
