/** rkllm_createDefaultParam returns a struct by value: through FFI it would write to whatever address a register happens to hold. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const SRC = new URL("../../src/", import.meta.url).pathname;

test("nothing in src/ declares or calls rkllm_createDefaultParam", async () => {
  const named: string[] = [];
  for (const path of new Bun.Glob("**/*.{ts,c,h}").scanSync(SRC)) {
    const code = withoutComments(await Bun.file(join(SRC, path)).text());
    if (code.includes("rkllm_createDefaultParam")) named.push(path);
  }
  expect(named).toEqual([]);
});

test("a mention in a comment is not taken for a call", () => {
  expect(withoutComments("/** rkllm_createDefaultParam */\n  // rkllm_createDefaultParam\ncall();")).toBe("\n  \ncall();");
  expect(withoutComments("rkllm_createDefaultParam: { args: [] },")).toContain("rkllm_createDefaultParam");
});

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}
