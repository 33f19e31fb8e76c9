import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { completionScript } from "../../../src/cli/completions.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test.each(["bash", "zsh", "fish"])("the script for %s knows every command and its flags", (shell) => {
  const script = completionScript(shell);
  for (const [name, { flags = [] }] of Object.entries(COMMANDS)) {
    expect(script).toContain(name);
    for (const { flag } of flags) expect(script).toContain(shell === "fish" ? `-l ${flag.slice(2)}` : flag);
  }
});

test("another shell is refused with those that there are scripts for", () => {
  expect(() => completionScript("csh")).toThrow("csh: there are completions for bash, zsh, fish.");
});

test.each(["zsh", "fish"])("%s can read its script", (shell) => {
  const path = Bun.which(shell);
  if (path === null) return;
  const { exitCode, stderr } = Bun.spawnSync([path, "-n", "/dev/stdin"], { stdin: new TextEncoder().encode(completionScript(shell)) });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
});

describe("in bash", () => {
  /** What bash offers for a line, with a program that has three models. */
  function offered(line: string): string[] {
    const folder = temporaryFolder();
    const program = join(folder, "rockchip-llama");
    writeFileSync(program, "#!/bin/sh\nprintf 'NAME  ID\\ntiny-chat:latest  1\\nqwen3:0.6b  2\\nqwen3:4b  3\\n\\n(1) none\\n'\n");
    chmodSync(program, 0o755);
    const script = `${completionScript("bash")}
COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}
_rockchip_llama
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = Bun.spawnSync(["bash", "--norc", "-c", script], {
      env: { PATH: `${folder}:${process.env["PATH"] ?? ""}`, COMP_WORDBREAKS: " \t\n\"'><=;|&(:" },
      cwd: folder,
    });
    expect(stderr.toString()).toBe("");
    return stdout.toString().trim().split("\n");
  }

  test.each([
    ["rockchip-llama ", Object.keys(COMMANDS)],
    ["rockchip-llama s", ["serve", "start", "show", "stop"]],
    ["rockchip-llama show ", ["tiny-chat:latest", "qwen3:0.6b", "qwen3:4b"]],
    ["rockchip-llama run --verbose ti", ["tiny-chat:latest"]],
    // Bash breaks words at colons, and wants only what stands behind the last.
    ["rockchip-llama rm qwen3:", ["0.6b", "4b"]],
    ["rockchip-llama show tiny-chat --te", ["--template"]],
    ["rockchip-llama completions z", ["zsh"]],
    ["rockchip-llama keys r", ["revoke"]],
    ["rockchip-llama help comp", ["completions"]],
  ])("%j is completed", (line, words) => {
    expect(offered(line)).toEqual(expect.arrayContaining(words));
    if (line !== "rockchip-llama ") expect(offered(line)).toHaveLength(words.length);
  });
});
