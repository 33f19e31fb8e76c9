import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../support/server-process.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");

async function inEmptyFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fresh-start-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("serve prints one line with its address, also where there is no model, and ends cleanly when asked to", () =>
  inEmptyFolder(async (folder) => {
    await using server = await startServer([process.execPath, MAIN, "serve", "--port", "0", "--no-builtin-model"], { cwd: folder });
    expect(server.output).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+; .*pull.*\n$/);
    expect(await server.stop()).toBe(0);
  }));

test("serve names the models it found and a command to try", () =>
  inEmptyFolder(async (folder) => {
    writeTinyGguf(join(folder, "tiny.gguf"));
    await using server = await startServer([process.execPath, MAIN, "serve", "--port", "0", "--models-dir", folder], { cwd: folder });
    expect(server.output).toContain("models: tiny");
    expect(server.output).toContain(`curl ${server.url}/v1/chat/completions`);
    const { data } = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
    // What comes with the program stands behind what somebody put there.
    expect(data.map(({ id }) => id).slice(0, 2)).toEqual(["tiny", "tiny-chat"]);
  }));

test("a port that is taken ends the program with the reason", () =>
  inEmptyFolder(async (folder) => {
    await using first = await startServer([process.execPath, MAIN, "serve", "--port", "0"], { cwd: folder });
    const second = Bun.spawn([process.execPath, MAIN, "serve", "--port", new URL(first.url).port], {
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
    });
    const errors = await second.stderr.text();
    expect({ exitCode: await second.exited, errors }).toEqual({
      exitCode: 2,
      errors: expect.stringContaining(`Cannot listen on 127.0.0.1:${new URL(first.url).port}: the port is in use.`),
    });
  }));

test("list says of an empty folder how to fill it, and of one that is not there that it is not", () =>
  inEmptyFolder(async (folder) => {
    const command = ["list", "--no-builtin-model", "--port", "0", "--models-dir", `${folder},${folder}/nope`];
    const list = Bun.spawn([process.execPath, MAIN, ...command], { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const how = `Get one with "rockchip-llama pull qwen3:0.6b", or put a .gguf or .rkllm file into ${folder}.`;
    expect([await list.stdout.text(), await list.stderr.text(), await list.exited]).toEqual([
      "NAME  ID  SIZE  MODIFIED\n",
      `There is no folder ${folder}/nope. There is no model yet. ${how}\n`,
      0,
    ]);
  }));
