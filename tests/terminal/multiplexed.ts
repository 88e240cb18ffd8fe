/** A program in a window of a real tmux or screen, with an operator attached, for tests that attack it through that. */
import { execFile } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeTempDirectory, type TempDirectory } from "../support/temp_directory.ts";
import { operatorEnvironment, TerminalDialogue } from "../support/terminal_dialogue.ts";

/** The multiplexers. */
export type MultiplexerName = "tmux" | "screen";

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;
const POLL_MS = 50;
const SESSION = "parley";

/** Why a multiplexer's tests cannot run here, or null. */
export function multiplexerMissing(name: MultiplexerName): string | null {
  return existsSync(`/usr/bin/${name}`) ? null : `package ${name} is missing`;
}

/** A program in a window. Dispose of it: that ends the multiplexer. */
export class Multiplexed implements AsyncDisposable {
  readonly #name: MultiplexerName;
  readonly #directory: TempDirectory;
  readonly #env: Record<string, string>;
  #client: TerminalDialogue | null = null;

  /**
   * Starts a program in a new session, with a client attached.
   *
   * @param name Which multiplexer.
   * @param argv The program; its standard output goes into a file.
   */
  static async start(name: MultiplexerName, argv: readonly string[]): Promise<Multiplexed> {
    const directory = await makeTempDirectory(name);
    chmodSync(directory.path, 0o700);
    const made = new Multiplexed(name, directory);
    writeFileSync(join(directory.path, "command"), `exec ${argv.map(quote).join(" ")} >${quote(made.#output)}\n`);
    const command = ["/bin/sh", join(directory.path, "command")];
    made.#attachBy(
      name === "tmux" ? ["new-session", "-s", SESSION, command.map(quote).join(" ")] : ["-S", SESSION, ...command],
    );
    return made;
  }

  /**
   * @param name Which multiplexer.
   * @param directory A directory of its own.
   */
  constructor(name: MultiplexerName, directory: TempDirectory) {
    this.#name = name;
    this.#directory = directory;
    const { path } = directory;
    const { TMUX: _tmux, STY: _sty, ...env } = operatorEnvironment({
      XDG_RUNTIME_DIR: path,
      SCREENDIR: path,
      TMUX_TMPDIR: path,
    });
    this.#env = env;
  }

  get #output(): string {
    return join(this.#directory.path, "output");
  }

  /** Standard output of the program so far. */
  output(): string {
    return existsSync(this.#output) ? readFileSync(this.#output, "utf8") : "";
  }

  /** What the window shows now. */
  async screen(): Promise<string> {
    if (this.#name === "tmux") return await this.#command(["capture-pane", "-p", "-t", SESSION]);
    const copy = join(this.#directory.path, "copy");
    writeFileSync(copy, "");
    await this.#command(["-S", SESSION, "-p", "0", "-X", "hardcopy", copy]);
    return readFileSync(copy, "latin1");
  }

  /** Has the multiplexer type, as any process of the same user can. */
  async type(text: string): Promise<void> {
    if (this.#name === "tmux") await this.#command(["send-keys", "-t", SESSION, "-l", text]);
    else await this.#command(["-S", SESSION, "-p", "0", "-X", "stuff", text]);
  }

  /** Detaches the operator. */
  async detach(): Promise<void> {
    await this.#command(this.#name === "tmux" ? ["detach-client", "-s", SESSION] : ["-d", SESSION]);
    await this.#client?.end();
  }

  /** Attaches an operator again. */
  attach(): void {
    this.#attachBy(this.#name === "tmux" ? ["attach-session", "-t", SESSION] : ["-r", SESSION]);
  }

  /** Waits until the window shows a text, for the operator or anybody. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#until(pattern, () => this.screen());
  }

  /** Waits until the program has printed a text. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#until(pattern, () => Promise.resolve(this.output()));
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    const quit = this.#name === "tmux" ? ["kill-server"] : ["-S", SESSION, "-X", "quit"];
    await this.#command(quit).catch(() => {});
    await this.#client?.[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }

  #attachBy(args: readonly string[]): void {
    // Without a configuration of whoever runs the suite.
    const config = this.#name === "tmux" ? ["-f", "/dev/null"] : ["-c", "/dev/null"];
    this.#client = new TerminalDialogue([
      "/usr/bin/env",
      "-u",
      "TMUX",
      "-u",
      "STY",
      `/usr/bin/${this.#name}`,
      ...config,
      ...args,
    ], {
      env: this.#env,
    });
  }

  async #command(args: readonly string[]): Promise<string> {
    return (await run(`/usr/bin/${this.#name}`, [...args], { env: this.#env, timeout: TIMEOUT_MS })).stdout;
  }

  async #until(pattern: RegExp, look: () => Promise<string>): Promise<RegExpExecArray> {
    const untilMs = performance.now() + TIMEOUT_MS;
    let text = "";
    do {
      text = await look().catch(() => text);
      const match = pattern.exec(text);
      if (match !== null) return match;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    } while (performance.now() < untilMs);
    throw new TypeError(`Cannot find ${pattern} in ${this.#name}: ${text}\n${this.output()}`);
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
