import assert from "node:assert/strict";
import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { ruleFile } from "./rule_file.ts";

test("CON-23 the file of learn mode is new, the user's alone, and always whole", async () => {
  await using temp = await makeTempDirectory("record");
  const path = join(temp.path, "rules.json");
  const file = ruleFile(path, () => null);
  for (const text of ["one", "two, which is longer", "3"]) {
    file.write(text);
    assert.equal(await readFile(path, "utf8"), text);
  }
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(temp.path), ["rules.json"]);
});

test("CON-23 CON-21 learn mode never writes over what was there: a file, a link, or a link to nothing", async () => {
  await using temp = await makeTempDirectory("record");
  const path = join(temp.path, "policy.json");
  await writeFile(path, "mine");
  assert.throws(() => ruleFile(path, () => null).write("x"), {
    code: "CONFIG_INVALID",
    message: /it is there already/,
  });
  assert.equal(await readFile(path, "utf8"), "mine");
  const link = join(temp.path, "link.json");
  await symlink(join(temp.path, "absent"), link);
  assert.throws(() => ruleFile(link, () => null).write("x"), { code: "CONFIG_INVALID" });
  assert.throws(() => ruleFile(join(temp.path, "no", "dir.json"), () => null).write("x"), { code: "CONFIG_INVALID" });
  assert.throws(() => ruleFile(join(temp.path, "new.json"), () => "hidden").write("x"), { message: /hidden/ });
});
