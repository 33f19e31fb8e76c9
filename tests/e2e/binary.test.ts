/** The executables of `bun run build`, each in a folder that holds nothing but itself and a model. arm64 runs under emulation where that is installed. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scrape } from "../support/prometheus.ts";
import { childrenOf } from "../support/test-server.ts";
import { startServer } from "../support/server-process.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const DIST = join(import.meta.dir, "../../dist");
/** Where Debian's cross packages put the arm64 C library. */
const ARM64_LIBRARIES = "/usr/aarch64-linux-gnu";
const EMULATOR = Bun.which("qemu-aarch64-static");
const SAYS = "Hello from the board.";

describe.each(["x64", "arm64"])("the %s executable", (arch) => {
  const executable = join(DIST, `rockchip-llama-linux-${arch}`);
  const emulated = arch !== process.arch;
  const canRun = existsSync(executable) && (!emulated || (arch === "arm64" && EMULATOR !== null && existsSync(ARM64_LIBRARIES)));
  const prefix = emulated ? [EMULATOR ?? ""] : [];
  const env: Record<string, string> = emulated ? { QEMU_LD_PREFIX: ARM64_LIBRARIES } : {};
  const testBuilt = test.skipIf(!canRun); // `bun run build` makes the executables; Debian's qemu-user-static and libstdc++6-arm64-cross run the other one
  const timeoutMs = emulated ? 120_000 : 20_000;

  async function inEmptyFolder(run: (folder: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), `binary-${arch}-`));
    try {
      await mkdir(join(folder, "models"));
      await copyFile(executable, join(folder, "rockchip-llama"));
      await run(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  function command(folder: string, ...args: string[]): string[] {
    return [...prefix, join(folder, "rockchip-llama"), ...args];
  }

  testBuilt(
    "streams a chat answer of a GGUF model",
    () =>
      inEmptyFolder(async (folder) => {
        writeTinyGguf(join(folder, "models/tiny.gguf"), { says: SAYS });
        const flags = ["--port", "0", "--cache-dir", join(folder, "cache"), ...prefix.flatMap((word) => ["--exec-prefix", word])];
        // Each token comes by itself: fast ones may share a chunk.
        const oneByOne = { ...env, RKLLM_CPU_MOODS: "slow-decode=20" };
        await using server = await startServer(command(folder, "serve", ...flags), { cwd: folder, env: oneByOne });
        const response = await fetch(`${server.url}/v1/chat/completions`, {
          method: "POST",
          body: JSON.stringify({
            model: "tiny",
            temperature: 0,
            max_tokens: 100,
            stream: true,
            messages: [{ role: "user", content: "Hi" }],
          }),
        });
        const frames = (await response.text()).split("\n\n").filter((frame) => frame !== "" && !frame.startsWith(":"));
        expect(frames.at(-1)).toBe("data: [DONE]");
        const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.replace(/^data: /, "")) as Chunk);
        expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(SAYS);
        expect(chunks.length).toBeGreaterThan(3);
        const shown = await scrape(server.url);
        expect(shown.value("rockchip_llama_work_total", { model: "tiny", outcome: "stop" })).toBe(1);
        expect(await server.stop()).toBe(0);
      }),
    timeoutMs,
  );

  testBuilt(
    "unpacks what it needs once more where its cache folder was deleted",
    () =>
      inEmptyFolder(async (folder) => {
        const cache = join(folder, "cache");
        const flags = ["--port", "0", "--cache-dir", cache, ...prefix.flatMap((word) => ["--exec-prefix", word])];
        await using server = await startServer(command(folder, "serve", ...flags), { cwd: folder, env });
        const listed = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
        await rm(cache, { recursive: true });
        const body = JSON.stringify({ max_tokens: 1, messages: [{ role: "user", content: "Hi" }] });
        const ask = async () => (await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body })).status;
        const opened = await ask();
        await rm(cache, { recursive: true });
        for (const host of childrenOf(server.pid)) process.kill(host, "SIGKILL");
        // What comes before its end is known may fail with it.
        const statuses = [await ask(), await ask()];
        expect([listed.data.map(({ id }) => id)[0], opened, statuses.at(-1)]).toEqual(["tiny-chat", 200, 200]);
      }),
    timeoutMs,
  );

  testBuilt(
    "takes no code and no settings from the folder it is started in",
    () =>
      inEmptyFolder(async (folder) => {
        await writeFile(join(folder, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
        await writeFile(join(folder, "preload.ts"), 'console.log("preloaded");\n');
        await writeFile(join(folder, ".env"), "ROCKCHIP_LLAMA_NO_SUCH_KEY=1\n");
        const child = Bun.spawn(command(folder, "list", "--port", "0"), {
          cwd: folder,
          env: { ...process.env, ...env },
          stdout: "pipe",
          stderr: "pipe",
        });
        const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
        expect({ exitCode: await child.exited, errors }).toEqual({ exitCode: 0, errors: "" });
        expect(output).not.toContain("preloaded");
      }),
    timeoutMs,
  );

  testBuilt(
    "says its version",
    () =>
      inEmptyFolder(async (folder) => {
        const child = Bun.spawn(command(folder, "version"), { cwd: folder, env: { ...process.env, ...env }, stdout: "pipe" });
        const manifest = (await Bun.file(join(DIST, "../package.json")).json()) as { version: string };
        expect(await child.stdout.text()).toBe(`${manifest.version}\n`);
      }),
    timeoutMs,
  );
});

/** The part of a streamed chunk that is read here. */
interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}
