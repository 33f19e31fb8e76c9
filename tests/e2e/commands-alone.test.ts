/** The commands where no server is running: they do their work in their own process. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommandLine } from "../support/command-line.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

/** A folder with a model, and what runs commands in it. Nothing listens on port 0. */
function place(more: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "models"));
  writeTinyGguf(join(folder, "models/tiny.gguf"), { says: "Hello." });
  const env = { ROCKCHIP_LLAMA_PORT: "0", XDG_CACHE_HOME: join(folder, "cache"), ROCKCHIP_LLAMA_CPU_COUNT: "1", ...more };
  return { folder, run: async (...words: string[]) => runCommandLine(words, { cwd: folder, env }) };
}

test("a model answers, and nothing of the server is seen", async () => {
  const { run } = place();
  expect(await run("run", "tiny", "Hi", "--temperature", "0")).toEqual({ status: 0, stdout: "Hello.\n", stderr: "" });
});

test("models are listed, shown, copied, made and deleted", async () => {
  const { folder, run } = place();
  writeFileSync(join(folder, "Modelfile"), "FROM tiny\nSYSTEM Be brief.\n");
  expect(await run("create", "brief", "--json")).toMatchObject({ status: 0, stdout: expect.stringMatching(/\{"status":"success"\}\n$/) });
  expect(await run("cp", "brief", "short")).toMatchObject({ status: 0, stdout: "copied 'brief' to 'short'\n" });
  expect(await run("show", "short", "--system")).toMatchObject({ status: 0, stdout: "Be brief.\n" });
  const { stdout } = await run("list", "--json", "--no-builtin-model");
  const { models } = JSON.parse(stdout) as { models: { name: string }[] };
  expect(models.map(({ name }) => name).sort()).toEqual(["brief:latest", "short:latest", "tiny:latest"]);
  expect(await run("rm", "short", "brief")).toMatchObject({ status: 0, stdout: "deleted 'short'\ndeleted 'brief'\n" });
  expect(existsSync(join(folder, "models/short"))).toBe(false);
});

test("API keys of the server, and a file of them that cannot be read, are in nobody's way", async () => {
  const { folder, run } = place({ ROCKCHIP_LLAMA_KEYS_FILE: "keys.json" });
  writeFileSync(join(folder, "keys.json"), "not JSON");
  expect(await run("list", "--no-builtin-model", "--host", "0.0.0.0")).toMatchObject({ status: 0, stderr: "" });
});

test("a model that cannot run is listed with the reason, and says it when it is to", async () => {
  const { folder, run } = place();
  writeFileSync(join(folder, "models/Qwen3-0.6B_W8A8_RK3588.rkllm"), "weights");
  const { stdout } = await run("list");
  expect(stdout).toMatch(/\nqwen3-0\.6b +- +7 B +- +no \(1\)\n\n\(1\) \S/);
  const { unrunnable } = JSON.parse((await run("list", "--json", "qwen3")).stdout) as { unrunnable: { name: string; reason: string }[] };
  expect(unrunnable).toEqual([{ name: "qwen3-0.6b", size: 7, reason: expect.any(String) } as (typeof unrunnable)[number]]);
  const { status, stderr } = await run("run", "qwen3-0.6b", "Hi");
  expect([status, stderr]).toEqual([1, expect.stringContaining("qwen3-0.6b cannot run here")]);
});

test("what only a server can tell or do says that there is none, and how to start one", async () => {
  const { run } = place();
  for (const words of [["ps"], ["stop", "tiny"]]) {
    expect(await run(...words)).toEqual({
      status: 1,
      stdout: "",
      stderr: "No server is running at http://127.0.0.1:0. Start one with: rockchip-llama serve\n",
    });
  }
});

test("a faulty configuration stops all but help, version and completions", async () => {
  const { run } = place({ ROCKCHIP_LLAMA_PORT: "none" });
  const all = await Promise.all([["list"], ["help"], ["version"], ["completions", "bash"]].map(async (words) => run(...words)));
  expect(all.map(({ status }) => status)).toEqual([2, 0, 0, 0]);
});
