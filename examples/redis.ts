/**
 * Counts visits in Redis with the ioredis package:
 * `PARLEY_ALLOW=localhost:6379 bun examples/redis.ts redis://localhost:6379 visits`
 */
import type { Socket } from "node:net";
import process from "node:process";
import { ParleySocket } from "@parley/parley/node";
import { AbstractConnector, Redis } from "ioredis";

const [url = "redis://localhost:6379", key = "visits"] = process.argv.slice(2);
const { hostname: host, port, username, password } = new URL(url);

/** How ioredis gets its connections. */
class ParleyConnector extends AbstractConnector {
  constructor() {
    super(2_000); // milliseconds for an orderly end
  }

  override connect(): Promise<Socket> {
    // ioredis wants the class of Node's sockets by its types only.
    this.stream = new ParleySocket().connect({ host, port: port || 6379 }) as unknown as Socket;
    return Promise.resolve(this.stream as Socket);
  }
}

const redis = new Redis({
  Connector: ParleyConnector,
  ...(password === "" ? {} : { username: username || "default", password }),
  // By default ioredis tries again for ever, and each time is a question to the operator.
  retryStrategy: () => null,
});
redis.on("error", (error) => console.error(error.message));
console.log(await redis.incr(key));
await redis.quit();
