import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "../tests/support/harness.ts";
import { runtimePath } from "../tests/support/runtimes.ts";
import { judgeEntry, judgeModule, type ModuleDoc } from "./check_docs.ts";
import { runCommand } from "./run_command.ts";

/** Judges a source text by what the real tool says of it. */
async function judge(source: string): Promise<{ readonly bare: string[]; readonly examples: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "parley-docs-"));
  try {
    const path = join(folder, "x.ts");
    const url = pathToFileURL(path).href;
    await writeFile(path, source);
    const result = await runCommand([await runtimePath("deno"), "doc", "--json", path], { cwd: folder });
    const module = (JSON.parse(result.stdout) as { nodes: Record<string, ModuleDoc> }).nodes[url];
    assert.ok(module, result.output);
    const say = (findings: readonly { where: string; message: string }[]): string[] =>
      findings.map(({ where, message }) => `${where} ${message}`);
    return { bare: say(judgeModule(module, { url, file: "x.ts" })), examples: say(judgeEntry(module, "x.ts")) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("exports and members without a doc comment are named with their line", async () => {
  const source = `export const a: number = 1;
/** Said. */
export interface B {
  c: number;
  /** Said. */
  d(): void;
}
/** Said. */
export class E {
  constructor(x: number) { void x; }
  f(): void {}
  #g(): void {}
}
export type H = number;
function hidden(): void {}
void hidden;
`;
  const { bare } = await judge(source);
  assert.deepEqual(bare.map((line) => line.replace(" has no doc comment", "")).sort(), [
    "x.ts:1 a",
    "x.ts:10 E.constructor",
    "x.ts:11 E.f()",
    "x.ts:14 H",
    "x.ts:4 B.c",
  ]);
});

test("what is documented has no findings", async () => {
  const source =
    "/** Said. */\nexport class A {\n  /** @param x Explained. */\n  constructor(x: number) { void x; }\n  /** Said. */\n  toString(): string { return ''; }\n  /** Said. */\n  b: number = 1;\n}\n";
  assert.deepEqual((await judge(source)).bare, []);
});

test("classes and functions with parameters show an example", async () => {
  const source = `/** Said. */\nexport class A {}\n/** Said. */\nexport function b(x: number): void { void x; }
/** Said. */\nexport function c(): void {}\n/** Said.\n *\n * @example One\n * \`\`\`ts\n * 1;\n * \`\`\`\n */\nexport class D {}\n`;
  assert.deepEqual((await judge(source)).examples, ["x.ts A has no @example", "x.ts b has no @example"]);
});
