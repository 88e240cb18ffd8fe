/** Real proxies: `microsocks` for SOCKS 5, `tinyproxy` for HTTP CONNECT. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PeerServer } from "./echo_server.ts";
import { freePort } from "./free_port.ts";
import { untilListening } from "./listening.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";

/** Who may use a proxy. */
export interface ProxyLogin {
  /** User name. */
  readonly username: string;
  /** Password. */
  readonly password: string;
}

/** Starts a SOCKS 5 proxy on 127.0.0.1. It prints a line for each tunnel. */
export async function startSocksProxy(login: ProxyLogin | null = null): Promise<PeerServer> {
  const port = await freePort();
  const credentials = login === null ? [] : ["-u", login.username, "-P", login.password];
  const { server } = await ServerProcess.start({
    name: "microsocks",
    command: "/usr/bin/microsocks",
    args: ["-i", "127.0.0.1", "-p", String(port), ...credentials],
    ready: /^/,
  });
  return await listening(server, port);
}

/** Starts an HTTP proxy on 127.0.0.1. It prints a line for each request. */
export async function startHttpProxy(login: ProxyLogin | null = null): Promise<PeerServer> {
  const port = await freePort();
  const directory = await makeTempDirectory("tinyproxy");
  const config = join(directory.path, "tinyproxy.conf");
  const credentials = login === null ? [] : [`BasicAuth ${login.username} ${login.password}`];
  const lines = [`Port ${port}`, "Listen 127.0.0.1", "Timeout 30", "MaxClients 50", "LogLevel Connect", ...credentials];
  await writeFile(config, lines.join("\n") + "\n");
  const { server } = await ServerProcess.start({
    name: "tinyproxy",
    command: "/usr/bin/tinyproxy",
    args: ["-d", "-c", config],
    ready: /^/,
    directory,
  });
  return await listening(server, port);
}

async function listening(server: ServerProcess, port: number): Promise<PeerServer> {
  try {
    await untilListening(port);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return { port, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
