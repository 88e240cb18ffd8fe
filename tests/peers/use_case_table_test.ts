import assert from "node:assert/strict";
import { test } from "../support/harness.ts";
import { formatUseCases, testUseCase } from "./use_case_table.ts";

test("NET-21 the table has a line for each use case and a column for each runtime", () => {
  const table = formatUseCases([
    { title: "NET-21 SSH on deno: runs a command", outcome: "passed" },
    { title: "NET-21 SSH on bun: runs a command", outcome: "failed" },
    { title: "NET-06 NET-21 IRC with TLS on node: talks", outcome: "skipped" },
    { title: "NET-06 an untrusted authority is refused", outcome: "failed" },
    { title: "NET-21 mail arrives byte for byte", outcome: "passed" },
  ]);
  assert.deepEqual(table.split("\n"), [
    "use case (NET-21)  deno     bun      node",
    "SSH                passed   failed   -",
    "IRC with TLS       -        -        skipped",
  ]);
});

test("NET-21 one failure of several tests of a use case shows, a skip beside a success does not", () => {
  const table = formatUseCases([
    { title: "NET-21 SSH on deno: refuses another host key", outcome: "failed" },
    { title: "NET-21 SSH on deno: runs a command", outcome: "passed" },
    { title: "NET-21 SSH on bun: runs a command", outcome: "passed" },
    { title: "NET-21 SSH on bun: takes a password", outcome: "skipped" },
  ]);
  assert.match(table, /^SSH +failed +passed +-$/m);
});

test("NET-21 without use cases there is no table", () => {
  assert.equal(formatUseCases([{ title: "NET-06 something on deno", outcome: "passed" }]), "");
});

test("NET-21 a use case is registered once for each of its runtimes", () => {
  const titles: string[] = [];
  const register = (title: string): void => void titles.push(title);
  testUseCase(register, { name: "SSH", shows: "runs a command" }, async () => {});
  testUseCase(register, { name: "IPFS", shows: "finds a peer", runtimes: ["node"] }, async () => {});
  assert.deepEqual(titles, [
    "NET-21 SSH on deno: runs a command",
    "NET-21 SSH on bun: runs a command",
    "NET-21 SSH on node: runs a command",
    "NET-21 IPFS on node: finds a peer",
  ]);
});
