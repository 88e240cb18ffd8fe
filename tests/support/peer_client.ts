/** A real client as a child process, such as `socat` or `openssl s_client`: spoken through until it has said what is waited for. */
import { spawn } from "node:child_process";

/** What a client is given, and when it is let go. */
export interface PeerClientPlan {
  /** Its standard input; characters are bytes. */
  readonly input?: string;
  /** What to wait for on standard output before standard input ends; it ends at once when omitted. */
  readonly until?: RegExp;
  /** Milliseconds that it may run. Default 20,000. */
  readonly timeoutMs?: number;
}

/** How a client ended. */
export interface PeerClientResult {
  /** Exit status; null when it was killed. */
  readonly status: number | null;
  /** Standard output; bytes as Latin-1. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

/**
 * Runs a client to its end.
 *
 * @param argv The program and its arguments.
 * @param plan What it is given.
 */
export function runPeerClient(
  [program = "", ...args]: readonly string[],
  plan: PeerClientPlan = {},
): Promise<PeerClientResult> {
  return new Promise((resolve, reject) => {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
    const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), plan.timeoutMs ?? 20_000);
    let stdout = "";
    let stderr = "";
    child.stdin.on("error", () => {});
    child.stdin.write(plan.input ?? "", "latin1");
    if (plan.until === undefined) child.stdin.end();
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      stdout += text;
      if (plan.until?.test(stdout) === true) child.stdin.end();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, stdout, stderr });
    });
  });
}
