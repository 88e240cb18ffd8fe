import assert from "node:assert/strict";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "../../tests/support/harness.ts";
import { preloadedModules, programSource } from "./launch.ts";

for (
  const [main, evaluated, stdinIsTerminal, source] of [
    ["/home/me/main.ts", false, false, "module"],
    ["/home/me/main.ts", false, true, "module"],
    ["/home/me/[eval]", false, false, "typed"],
    ["/etc/hostname", true, false, "typed"],
    [undefined, true, false, "typed"],
    ["-", false, false, "piped"],
    ["-", false, true, "typed"],
    [undefined, false, false, "piped"],
    [undefined, false, true, "typed"],
    ["/home/me/[stdin]", false, false, "piped"],
    ["data:text/javascript,1", false, true, "data"],
    ["blob:null/1", false, true, "data"],
  ] as const
) {
  const how = `${evaluated ? "with -e, " : ""}${stdinIsTerminal ? "at a terminal" : "without a terminal"}`;
  test(`NET-16 main ${main} ${how} came as ${source}`, () => {
    assert.equal(programSource(main, { evaluated, stdinIsTerminal }), source);
  });
}

test("NET-16 modules that flags load before the program are found, however the flag is written", () => {
  const here = (path: string): string => pathToFileURL(resolve(path)).href;
  const flags = ["--import", "./a.ts", "--require=/b.cjs", "-r", "c.js", "--preload", "data:text/javascript,1"];
  assert.deepEqual(
    preloadedModules([...flags, "--loader=file:///d.ts", "-r", "package", "--no-warnings", "./e.ts", "-r"]),
    [
      here("./a.ts"),
      here("/b.cjs"),
      here("./c.js"),
      "data:text/javascript,1",
      "file:///d.ts",
    ],
  );
  assert.deepEqual(preloadedModules(["--experimental-loader", "./f.mjs"]), [here("./f.mjs")]);
});
