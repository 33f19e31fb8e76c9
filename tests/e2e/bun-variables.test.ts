/** What Bun reads of the environment when the server's process starts. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../support/server-process.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");
const EXECUTABLE = join(import.meta.dir, `../../dist/rockchip-llama-linux-${process.arch}`);
const RARELY = { BUN_GC_TIMER_INTERVAL: "10000", MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "1000" };

function environmentOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

function hostsOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}

/** Starts a server, without a command or with `serve`, and loads a model. */
async function startedWith(args: readonly string[], env: Readonly<Record<string, string>>, program = [process.execPath, MAIN]) {
  const folder = await mkdtemp(join(tmpdir(), "bun-variables-"));
  try {
    writeTinyGguf(join(folder, "tiny.gguf"));
    const command = [...program, ...args, "--port", "0", "--ollama-port", "off", "--models-dir", folder];
    // Tests may run below a server's own environment.
    const bare = { BUN_GC_TIMER_INTERVAL: undefined, MIMALLOC_PURGE_HOLES_MIN_INTERVAL: undefined, ...env };
    await using server = await startServer(command, { cwd: folder, env: bare });
    await fetch(`${server.url}/v1/models/load`, { method: "POST", body: JSON.stringify({ model: "tiny" }) });
    const [host = 0] = hostsOf(server.pid);
    return { server: environmentOf(server.pid), host: environmentOf(host), exitCode: await server.stop() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test.each([{ args: ["serve"] }, { args: [] }])(
  "the server that was started with %j, and its hosts, collect garbage rarely; it still ends when it is told to",
  async ({ args }) => {
    const seen = await startedWith(args, {});
    expect(seen).toMatchObject({ server: RARELY, host: RARELY, exitCode: 0 });
  },
);

const testBuilt = test.skipIf(!existsSync(EXECUTABLE)); // `bun run build` makes the executable

testBuilt("so does the executable, with the same arguments", async () => {
  const seen = await startedWith(["--no-builtin-model"], {}, [EXECUTABLE]);
  expect(seen).toMatchObject({ server: RARELY, host: RARELY, exitCode: 0 });
});

test("what a person has set stays", async () => {
  const seen = await startedWith(["serve"], { BUN_GC_TIMER_INTERVAL: "2000" });
  const set = { BUN_GC_TIMER_INTERVAL: "2000", MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "1000" };
  expect(seen).toMatchObject({ server: set, host: set });
});
