/**
 * Answers that are remembered, as an operator gives them: at the question of a program, or ahead by `parley permissions
 * grant`; taken back; and asked for again when the program's code has changed. Real processes and files on every runtime.
 */
import assert from "node:assert/strict";
import { appendFile, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startConsentPeer } from "../heavy/programs/consent_peer.ts";
import { ConsentStage } from "../heavy/programs/consent_stage.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import type { TerminalDialogue } from "../support/terminal_dialogue.ts";

const TERMINAL = { skip: ptyMissing(), timeoutMs: 120_000 };
/** A public name that leads nowhere: whether it is asked about shows, and no packet has to leave. */
const NAME = "mail.example";
const QUESTION = /Parley asks/;
const WORD_ALWAYS = /Allow\? \[y\/r\/([a-z]{4}) a\/N\]/;
const WORD = /Allow\? \[([a-z]{4})\/N\]/;

/** The records of a stage, with their paths. */
async function records(stage: ConsentStage): Promise<readonly { readonly path: string; readonly value: Listed }[]> {
  const directory = join(stage.folders.state, "parley", "grants");
  const names = await readdir(directory).catch(() => []);
  return await Promise.all(names.map(async (name) => {
    const path = join(directory, name);
    return { path, value: JSON.parse(await readFile(path, "utf8")) as Listed };
  }));
}

interface Listed extends Readonly<Record<string, unknown>> {
  readonly code: { readonly main: string; readonly modules: readonly { readonly url: string }[] } | null;
}

/** Approves the question at the terminal for good. */
async function always(terminal: TerminalDialogue): Promise<void> {
  const { 1: word = "" } = await terminal.expect(WORD_ALWAYS);
  terminal.type(`${word} a\n`);
  await terminal.expect(
    /Allowed always: mail\.example:25 .*\s+To take it back: parley permissions revoke mail\.example:25/,
  );
  // Said at once, and after the answer was written down: the name leads nowhere.
  await terminal.expect(/parley: no connection to mail\.example:25/);
}

/** Has the question come, and says no to it. */
async function asksAgain(stage: ConsentStage, where: { host: string; port: number }): Promise<string> {
  const { program, terminal } = await stage.startAtTerminal();
  const id = program.tell({ do: "open", ...where });
  await terminal.expect(/Allow\?/);
  terminal.type("\n");
  assert.equal((await program.event("failed", id))["name"], "NotAllowedError");
  return terminal.text.replace(/\s+/g, " ");
}

async function permissionBits(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

test(
  "CON-04 CON-18 an answer for good is in the store at once, as a file of the operator's own, and holds",
  async () => {
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime);
      const first = await stage.startAtTerminal();
      first.program.tell({ do: "open", host: NAME, port: 25 });
      await always(first.terminal);
      const [found, ...others] = await records(stage);
      assert.ok(found !== undefined && others.length === 0, "one record");
      // What becomes of the connection is told later; the answer holds.
      await first.program.kill();
      const { code, ...said } = found.value;
      const origin = pathToFileURL(stage.program).href;
      const { effect, lifetime, destination, by, pinned, feature } = said as Record<string, unknown>;
      assert.deepEqual({ effect, lifetime, origin: said["origin"], destination, by, pinned, feature }, {
        effect: "allow",
        lifetime: "always",
        origin,
        destination: `${NAME}:25`,
        by: "prompt",
        pinned: false,
        feature: "direct-sockets",
      });
      assert.match(code?.main ?? "", /^[0-9a-f]{64}$/);
      assert.ok(code?.modules.some(({ url }) => url === pathToFileURL(stage.part).href), "no hash of the module");
      assert.equal(await permissionBits(found.path), 0o600);
      for (const name of ["parley", "parley/grants"]) {
        assert.equal(await permissionBits(join(stage.folders.state, name)), 0o700, name);
      }
      const again = await stage.startAtTerminal();
      const { name, message, cause } = await again.program.open(NAME, 25);
      assert.deepEqual({ name, message, cause }, {
        name: "NotAllowedError",
        message: `Not allowed to connect to ${NAME}:25`,
        cause: null,
      });
      assert.doesNotMatch(again.terminal.text, QUESTION);
      assert.match(again.terminal.text, /NET_DNS|look up/);
    });
  },
  TERMINAL,
);

test("CON-18 a program whose module has changed is asked about again, and the question names the file", async () => {
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    const { program, terminal } = await stage.startAtTerminal();
    program.tell({ do: "open", host: NAME, port: 25 });
    await always(terminal);
    await program.kill();
    await appendFile(stage.part, "// One line more.\n");
    const changed = await asksAgain(stage, { host: NAME, port: 25 });
    assert.match(changed, /CHANGED You allowed this for good, but \S*part\.ts has changed since\./);
    assert.equal((await records(stage)).length, 1, "a no to a question takes nothing back");
  });
}, TERMINAL);

test("CON-10 a risky destination is never offered for good to code that nobody checked", async () => {
  await using peer = await startConsentPeer();
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    const { program, terminal } = await stage.startAtTerminal();
    const id = program.tell({ do: "open", host: "127.0.0.1", port: peer.port });
    const { 1: word = "" } = await terminal.expect(WORD);
    terminal.type(`${word} a\n`);
    assert.equal((await program.event("failed", id))["name"], "NotAllowedError");
    // The terminal may be read later than the program's words.
    await terminal.expect(/that\s+duration\s+is\s+not\s+offered\s+here/);
    assert.deepEqual(await records(stage), []);
  });
  assert.equal(peer.taken, 0);
}, TERMINAL);

test(
  "CON-04 NET-19 what the command grants opens without a question, is listed, and is asked about once taken back",
  async () => {
    await using peer = await startConsentPeer();
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime);
      await stage.grant(peer.port);
      const destination = `127.0.0.1:${peer.port}`;
      const [record] = await records(stage);
      assert.equal(record?.value["by"], "command");
      assert.equal(await permissionBits(record?.path ?? ""), 0o600);
      const { program, terminal } = await stage.startAtTerminal();
      assert.equal((await program.open("127.0.0.1", peer.port))["event"], "opened");
      assert.doesNotMatch(terminal.text, QUESTION);
      const listed = await stage.command(["permissions", "list", "--json"]);
      const { records: [shown], broken } = JSON.parse(listed.stdout);
      assert.deepEqual(broken, []);
      assert.equal(shown.destination, destination);
      assert.equal(shown.origin, pathToFileURL(stage.program).href);
      const revoked = await stage.command(["permissions", "revoke", destination]);
      assert.equal(revoked.status, 0, revoked.stderr);
      assert.deepEqual(await records(stage), []);
      await asksAgain(stage, { host: "127.0.0.1", port: peer.port });
    });
  },
  TERMINAL,
);
