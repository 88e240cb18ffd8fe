/**
 * What a test of consent plays on: a program in a directory of its own, an account's directories around it, and nothing else
 * of the surroundings; on one runtime, at a terminal or without one, as an operator would start it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimePath, type TestRuntime } from "../../support/runtimes.ts";
import { makeTempDirectory, type TempDirectory } from "../../support/temp_directory.ts";
import { TerminalDialogue } from "../../support/terminal_dialogue.ts";
import { cleanCommand, type CommandEnd, commandEnd, denoFlags, terminalEnd } from "./consent_command.ts";
import { type ConsentFolders, consentFolders, ConsentProgram } from "./consent_program.ts";

/** How something is started. */
export interface StartOptions {
  /** Variables besides. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program's working directory; that of the program by default. */
  readonly cwd?: string;
  /** Whether it is the program within the project that is started, so that the runtime looks for settings by itself. */
  readonly inProject?: boolean;
  /** Whether the program outlives a hang-up. */
  readonly ignoresHangUp?: boolean;
  /** Makes another command of the command. */
  readonly within?: (argv: readonly string[]) => readonly string[];
}

/** A program at its terminal. */
export interface AtTerminal {
  /** The program. */
  readonly program: ConsentProgram;
  /** Its terminal. */
  readonly terminal: TerminalDialogue;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CLIENT = new URL("./consent_client.ts", import.meta.url).href;
const MAIN = fileURLToPath(new URL("./consent_main.ts", import.meta.url));
const SETSID = "/usr/bin/setsid";
const WITHIN_MS = 30_000;

/** Why no stage can be set here, or null. */
export function stageMissing(): string | null {
  return process.platform === "linux" ? null : "the suite needs Linux";
}

/** One runtime's stage. Dispose of it: that ends every program on it. */
export class ConsentStage implements AsyncDisposable {
  /** The runtime. */
  readonly runtime: TestRuntime;
  /** Directories of the account. */
  readonly folders: ConsentFolders;
  /** Path of the program. */
  readonly program: string;
  /** Path of a module that it imports. */
  readonly part: string;
  readonly #binary: string;
  readonly #temp: TempDirectory;
  readonly #server: Server;
  readonly #waiting = new Map<string, (socket: Socket, pid: number) => void>();
  readonly #disposed = new AsyncDisposableStack();

  constructor(init: {
    readonly runtime: TestRuntime;
    readonly binary: string;
    readonly temp: TempDirectory;
    readonly server: Server;
    readonly folders: ConsentFolders;
  }) {
    this.runtime = init.runtime;
    this.folders = init.folders;
    this.#binary = init.binary;
    this.#temp = init.temp;
    this.#server = init.server;
    this.program = join(init.temp.path, "program", "main.ts");
    this.part = join(init.temp.path, "program", "part.ts");
    init.server.on("connection", (socket) => this.#greet(socket));
  }

  /**
   * Makes a stage.
   *
   * @param runtime The runtime.
   * @param folders The account's directories; new ones by default.
   */
  static async open(runtime: TestRuntime, folders: ConsentFolders | null = null): Promise<ConsentStage> {
    const [binary, temp] = await Promise.all([runtimePath(runtime), makeTempDirectory("consent")]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
    const own = folders ?? await consentFolders(temp.path);
    const stage = new ConsentStage({ runtime, binary, temp, server, folders: own });
    await mkdir(dirname(stage.program));
    await writeFile(stage.program, 'import { follow } from "./part.ts";\n\nfollow();\n');
    await writeFile(stage.part, `export { follow } from "${CLIENT}";\n`);
    return stage;
  }

  /** A path below the stage's own directory. */
  path(name: string): string {
    return join(this.#temp.path, name);
  }

  /**
   * Writes a file that decides, by renaming a new one over what is there.
   *
   * @param path Where.
   * @param content A text, or a policy without its version.
   */
  async write(path: string, content: string | Readonly<Record<string, unknown>>): Promise<string> {
    const text = typeof content === "string" ? content : JSON.stringify({ version: 1, ...content });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return path;
  }

  /** Where the operator's own policy stands. */
  get policyFile(): string {
    return join(this.folders.config, "parley", "policy.json");
  }

  /** Starts the program where nobody can be asked. */
  async start(options: StartOptions = {}): Promise<ConsentProgram> {
    const word = crypto.randomUUID();
    const [command = "", ...args] = this.#command(this.#programArgv(word, options), options);
    const child = spawn(SETSID, [command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    return this.#disposed.use(await this.#met(word, { child }));
  }

  /** Starts the program at a terminal of its own. */
  async startAtTerminal(options: StartOptions = {}): Promise<AtTerminal> {
    const word = crypto.randomUUID();
    const argv = this.#command(this.#programArgv(word, options), options);
    const terminal = this.#disposed.use(new TerminalDialogue(argv));
    return { terminal, program: this.#disposed.use(await this.#met(word, { terminal })) };
  }

  /** Runs the command to its end, where nobody can be asked. */
  command(args: readonly string[], options: StartOptions = {}): Promise<CommandEnd> {
    const [command = "", ...rest] = this.#command(this.#commandArgv(args), options);
    return commandEnd(
      spawn(SETSID, [command, ...rest], {
        stdio: ["ignore", "pipe", "pipe"],
        timeout: WITHIN_MS,
        killSignal: "SIGKILL",
      }),
    );
  }

  /**
   * Approves a port of this machine for the program for good, as the operator does: by the command, and the word.
   *
   * @throws {TypeError} When it is not approved.
   */
  async grant(port: number): Promise<void> {
    const terminal = this.commandAtTerminal(["permissions", "grant", this.program, `127.0.0.1:${port}`]);
    const { 1: word = "" } = await terminal.expect(/Allow\? \[([a-z]{4})\/N\]/);
    terminal.type(`${word} a\n`);
    if (await terminal.end() !== 0) throw new TypeError(`Cannot grant: ${terminal.text}`);
  }

  /** Starts the command at a terminal of its own. */
  commandAtTerminal(args: readonly string[], options: StartOptions = {}): TerminalDialogue {
    return this.#disposed.use(new TerminalDialogue(this.#command(this.#commandArgv(args), options)));
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposed.disposeAsync();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#temp[Symbol.asyncDispose]();
  }

  #programArgv(word: string, { ignoresHangUp = false, inProject = false }: StartOptions): readonly string[] {
    const { port } = this.#server.address() as AddressInfo;
    const args = [String(port), word, ...(ignoresHangUp ? ["ignoresHangUp"] : [])];
    const config = inProject ? null : join(ROOT, "deno.json");
    return [this.#binary, ...denoFlags(this.runtime, config), inProject ? MAIN : this.program, ...args];
  }

  #commandArgv(args: readonly string[]): readonly string[] {
    return [this.#binary, ...denoFlags(this.runtime, null), join(ROOT, "cli", "main.ts"), ...args];
  }

  #command(
    argv: readonly string[],
    { env = {}, cwd = dirname(this.program), within }: StartOptions,
  ): readonly string[] {
    // Bun keeps what it has read of programs at home, which is not Parley's doing.
    const variables = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: this.path("bun"), ...env };
    return cleanCommand(within?.(argv) ?? argv, { folders: this.folders, cwd, variables });
  }

  #greet(socket: Socket): void {
    socket.on("error", () => {});
    let text = "";
    const hear = (more: string): void => {
      text += more;
      const end = text.indexOf("\n");
      if (end < 0) return;
      socket.off("data", hear);
      const { word, pid } = JSON.parse(text.slice(0, end)) as { word: string; pid: number };
      this.#waiting.get(word)?.(socket, pid);
    };
    socket.setEncoding("utf8").on("data", hear);
  }

  async #met(
    word: string,
    { child = null, terminal = null }: {
      readonly child?: ChildProcess | null;
      readonly terminal?: TerminalDialogue | null;
    },
  ): Promise<ConsentProgram> {
    const end = child === null ? terminal?.end().then((status) => terminalEnd(status, terminal)) : commandEnd(child);
    // Whoever hangs up learns of the end otherwise.
    end?.catch(() => {});
    const hello = new Promise<ConsentProgram>((resolve) =>
      this.#waiting.set(word, (socket, pid) => resolve(new ConsentProgram({ socket, pid, child })))
    );
    const failed = end?.then(({ status, stdout, stderr }): never => {
      throw new TypeError(`The program ended with ${status} before it began:\n${stdout}\n${stderr}`);
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TypeError(`The program does not begin: ${terminal?.text}`)), WITHIN_MS);
    });
    try {
      return await Promise.race([hello, late, ...(failed === undefined ? [] : [failed])]);
    } catch (error) {
      child?.kill("SIGKILL");
      throw error;
    } finally {
      clearTimeout(timer);
      failed?.catch(() => {});
      this.#waiting.delete(word);
    }
  }
}
