/** Plain TCP echo by `socat`. */
import { ServerProcess } from "./server_process.ts";

/** A server at a port of its own. */
export interface PeerServer extends AsyncDisposable {
  /** Its TCP port. */
  readonly port: number;
  /** The process. */
  readonly process: ServerProcess;
}

/** Starts an echo server on 127.0.0.1. Each connection has its own `cat`, which ends after the client's FIN. */
export async function startEchoServer(): Promise<PeerServer> {
  const { server, ready } = await ServerProcess.start({
    name: "socat",
    command: "/usr/bin/socat",
    args: ["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr", "EXEC:cat"],
    ready: /listening on AF=2 127\.0\.0\.1:(\d+)/,
  });
  return { port: Number(ready[1]), process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
