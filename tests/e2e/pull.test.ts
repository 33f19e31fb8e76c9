/** The pull and list commands as people run them. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ModelHub } from "../support/model-hub.ts";
import { ModelsFolder } from "../support/models-folder.ts";
import { startServer } from "../support/server-process.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const FILE = "Qwen3-0.6B_W8A8_RK3588.rkllm";
const PATH = `/owner/repo/resolve/main/${FILE}`;
/** No server of this machine has a say. */
const HERE = ["--port", "0"];
const WEIGHTS = new Uint8Array(100_000).fill(7);

let hub: ModelHub;
let folder: ModelsFolder;
beforeEach(async () => {
  hub = await ModelHub.start();
  folder = await ModelsFolder.make();
  hub.files.set(PATH, { content: WEIGHTS });
  hub.files.set("/owner/repo/resolve/main/tokenizer.json", { content: new TextEncoder().encode("{}") });
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function start(...args: readonly string[]) {
  return Bun.spawn([process.execPath, MAIN, ...args, ...HERE, "--models-dir", folder.path("models")], {
    cwd: folder.dir,
    env: { PATH: process.env["PATH"] ?? "", HF_ENDPOINT: hub.url },
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function run(...args: readonly string[]): Promise<readonly [status: number, stdout: string, stderr: string]> {
  const child = start(...args);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return [await child.exited, stdout, stderr];
}

test("a pulled model is listed", async () => {
  const path = folder.path(`models/qwen3-0.6b/${FILE}`);
  const [status, stdout, stderr] = await run("pull", `owner/repo/${FILE}`);
  expect([status, stdout]).toEqual([0, `Pulled qwen3-0.6b: ${path} (100 kB, with tokenizer.json)\n`]);
  expect(stderr).toStartWith(`${FILE} (100 kB)\n`);
  expect(stderr).toContain("100 %  100 kB of 100 kB");
  expect(stderr).not.toContain("\r");
  expect(await run("pull", `owner/repo/${FILE}`)).toEqual([0, `qwen3-0.6b is there already: ${path} (100 kB)\n`, ""]);
  const [listed, table] = await run("list");
  const row = table.split("\n").find((line) => line.startsWith("qwen3-0.6b"));
  expect([listed, row?.split(/ {2,}/)]).toEqual([0, ["qwen3-0.6b", "-", "100 kB", "-", "no (1)"]]);
  expect(table).toContain("\n\n(1) ");
});

test("Ctrl-C keeps what came, says how to go on, and the next run does", async () => {
  hub.faults.set(PATH, [{ kind: "cut", bytes: 40_000 }]);
  const child = start("pull", `owner/repo/${FILE}`);
  let stderr = "";
  let stopped = false;
  for await (const chunk of child.stderr) {
    stderr += new TextDecoder().decode(chunk);
    // The server holds the connection open after 40 % of the file.
    if (!stopped && stderr.includes("40 %")) child.kill("SIGINT");
    stopped ||= stderr.includes("40 %");
  }
  expect(await child.exited).toBe(130);
  expect(stderr).toEndWith("Stopped. What has been downloaded is kept: run the same command again to go on.\n");
  expect((await run("list", "--no-builtin-model"))[2]).toStartWith("There is no model yet. ");

  const [status, , resumed] = await run("pull", `owner/repo/${FILE}`);
  expect([status, resumed.split("\n")[0]]).toEqual([0, `${FILE} (100 kB), going on at 40 kB`]);
  expect(hub.requestsFor(PATH).at(-1)?.headers.get("range")).toBe("bytes=40000-");
  expect(new Uint8Array(await Bun.file(folder.path(`models/qwen3-0.6b/${FILE}`)).arrayBuffer())).toEqual(WEIGHTS);
});

describe("pull by a short name", () => {
  const GGUF = "Qwen3-0.6B-Q8_0.gguf";
  const info = { siblings: [{ rfilename: "README.md" }, { rfilename: GGUF }, { rfilename: "Qwen3-0.6B-BF16.gguf" }] };
  beforeEach(async () => {
    await folder.putGguf("made.gguf");
    const content = new Uint8Array(await Bun.file(folder.path("made.gguf")).arrayBuffer());
    hub.files.set(`/Qwen/Qwen3-0.6B-GGUF/resolve/main/${GGUF}`, { content });
    hub.files.set("/api/models/Qwen/Qwen3-0.6B-GGUF/revision/main", { content: new TextEncoder().encode(JSON.stringify(info)) });
  });

  test("says that nobody has tried it, then gets the file for this machine", async () => {
    const [status, stdout, stderr] = await run("pull", "qwen3:0.6b");
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining(`Pulled qwen3-0.6b: ${folder.path(`models/qwen3-0.6b/${GGUF}`)}`) as string,
    ]);
    expect(stderr).toContain("unverified: qwen3:0.6b comes from Qwen/Qwen3-0.6B-GGUF, which nobody has tried with this program.\n");
  });

  test("prints Ollama's lines with --json", async () => {
    const [status, stdout, stderr] = await run("pull", "qwen3:0.6b", "--json");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { status: string; total?: number; completed?: number });
    expect([status, stderr, lines[0], lines.at(-1)]).toEqual([0, "", { status: "pulling manifest" }, { status: "success" }]);
    const weights = lines.filter((line) => line.status === `pulling ${GGUF}`);
    expect(weights.at(-1)?.completed).toBe(weights[0]?.total as number);
  });
});

test("with --json an error is the last line", async () => {
  const [status, stdout, stderr] = await run("pull", "owner/repo/absent.rkllm", "--json");
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect([status, stderr, lines]).toEqual([
    1,
    "",
    [{ status: "pulling manifest" }, { error: expect.stringContaining("/owner/repo/resolve/main/absent.rkllm does not exist.") as string }],
  ]);
});

test("a server that is named downloads itself, and what only the machine's own pull can do is refused", async () => {
  const flags = ["--port", "0", "--models-dir", folder.path("theirs"), "--cache-dir", folder.path("cache"), "--no-builtin-model"];
  const env = { HF_ENDPOINT: hub.url };
  await using server = await startServer([process.execPath, MAIN, "serve", ...flags], { cwd: folder.dir, env });
  const [status, stdout, stderr] = await run("pull", `owner/repo/${FILE}`, "--server-url", server.url);
  expect([status, stdout, stderr]).toEqual([0, "", expect.stringMatching(/^pulling manifest\n[^]*\nsuccess\n$/)]);
  expect(await Bun.file(folder.path(`theirs/qwen3-0.6b/${FILE}`)).exists()).toBe(true);
  expect(await run("pull", `owner/repo/${FILE}`, "--server-url", server.url, "--name", "x")).toEqual([
    2,
    "",
    "--name works on the machine that downloads alone: run the command there, or leave it out.\n",
  ]);
});

test("the token is in no output", async () => {
  hub.faults.set(PATH, [
    { kind: "status", status: 503 },
    { kind: "status", status: 403 },
  ]);
  const child = Bun.spawn(
    [process.execPath, MAIN, "pull", `owner/repo/${FILE}`, "--log-level", "debug", ...HERE, "--models-dir", folder.path("models")],
    {
      cwd: folder.dir,
      env: { PATH: process.env["PATH"] ?? "", HF_ENDPOINT: hub.url, HF_TOKEN: "hf_secret" },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(hub.requestsFor(PATH).map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer hf_secret", "Bearer hf_secret"]);
  expect(stderr).toContain("refused the token (403). Check that HF_TOKEN is valid");
  expect(stdout + stderr).not.toContain("hf_secret");
});

test.each([
  [["pull"], 2, "pull: an argument is missing"],
  [["pull", "qwen3"], 1, '"qwen3" is nothing that can be pulled. Give owner/repository/file'],
  [["pull", "owner/repo/absent.rkllm"], 1, "/owner/repo/resolve/main/absent.rkllm does not exist. Check owner, repository and file name."],
  [["pull", `owner/repo/${FILE}`, "--sha256", "0".repeat(64)], 1, "it is damaged or not the file that was meant. It was deleted."],
])("%j exits with %d and says %j", async (args, status, message) => {
  const [exited, stdout, stderr] = await run(...args);
  expect([exited, stdout]).toEqual([status, ""]);
  expect(stderr).toContain(message);
});
