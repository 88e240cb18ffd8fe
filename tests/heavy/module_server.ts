/** Serves a program and Parley's own source over http or https on loopback, as a remote module is fetched. */
import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";

/** A server of modules. */
export interface ModuleServer extends AsyncDisposable {
  /** Its origin, such as `http://127.0.0.1:8000`. */
  readonly origin: string;
}

const ROOT = new URL("../../", import.meta.url);

/** What is needed of an answer: the types of two runtimes differ in the rest. */
interface Answer {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text: string): unknown;
}

/**
 * Starts a server. Below `/parley/` stands the project; every other path is the program.
 *
 * @param program The program's text.
 * @param identity Certificate and key, for https.
 */
export async function startModuleServer(
  program: string,
  identity: { readonly cert: string; readonly key: string } | null = null,
): Promise<ModuleServer> {
  const respond = async (
    request: { readonly url?: string | undefined },
    response: Answer,
  ): Promise<void> => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [, file] = /^\/parley\/([\w/.-]+)$/.exec(pathname) ?? [];
    const text = file === undefined ? program : await readFile(new URL(file, ROOT), "utf8").catch(() => null);
    response.writeHead(text === null ? 404 : 200, { "content-type": "application/typescript" });
    response.end(text ?? "");
  };
  const server = identity === null
    ? http.createServer((request, response) => void respond(request, response))
    : https.createServer({ ...identity }, (request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${identity === null ? "http" : "https"}://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
