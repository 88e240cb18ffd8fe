/** A database by `redis-server` that keeps nothing on disk. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { PeerServer } from "./echo_server.ts";
import { onFreePorts } from "./on_free_ports.ts";
import { ServerProcess } from "./server_process.ts";

/** A running database. */
export interface RedisServer extends PeerServer {
  /** Asks it by its own client. */
  ask(...command: readonly string[]): Promise<string>;
}

/** What a client has to know. */
export const REDIS_PASSWORD = "correct-horse";

const run = promisify(execFile);

/** Starts a database on 127.0.0.1 that wants a password. */
export function startRedisServer(): Promise<RedisServer> {
  return onFreePorts(1, async (port = 0) => {
    const access = ["--port", String(port), "--bind", "127.0.0.1", "--requirepass", REDIS_PASSWORD];
    const { server } = await ServerProcess.start({
      name: "redis",
      command: "/usr/bin/redis-server",
      args: [...access, "--save", "", "--appendonly", "no", "--daemonize", "no"],
      ready: /Ready to accept connections/,
    });
    return {
      port,
      process: server,
      ask: async (...command) => {
        const login = ["-h", "127.0.0.1", "-p", String(port), "--no-auth-warning", "-a", REDIS_PASSWORD];
        return (await run("/usr/bin/redis-cli", [...login, ...command])).stdout.trim();
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
}
