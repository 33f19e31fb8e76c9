/**
 * Every command of the documents is run as a reader would run it, in the order of its page, with a home and a folder of the page's own. They share
 * one server, whose models are the built-in one under the names that the documents use.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { PATHS, readText, ROOT } from "../tidy/repository.ts";
import { writeCommands } from "./command-folder.ts";
import { type Fence, fencesOf, fileOf, interpreterOf, REASONS, reasonOf, unknownWords } from "./fences.ts";
import { outputFaults } from "./output-shape.ts";

/** A page has some dozens of commands, and each is a program that starts. */
setDefaultTimeout(300_000);

/** Pages whose commands another test runs. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = { "docs/performance.md": "tests/e2e/bench.test.ts" };
/** Models that the documents speak of. */
const STAND_INS = ["qwen3-0.6b"];

const PAGES = PATHS.filter((path) => /^(README\.md|docs\/.*\.md)$/.test(path) && !(path in RUN_ELSEWHERE));

const folder = temporaryFolder();
const modelsDir = join(folder, "models");
let bin: string;
let server: ServerProcess;
beforeAll(async () => {
  bin = writeCommands(folder);
  for (const name of STAND_INS) {
    mkdirSync(join(modelsDir, name), { recursive: true });
    copyFileSync(join(ROOT, "models/tiny-chat/tiny-chat.gguf"), join(modelsDir, name, `${name}.gguf`));
  }
  const flags = ["--port", "0", "--models-dir", modelsDir, "--cache-dir", join(folder, "cache"), "--cpu-count", "1"];
  server = await startServer([process.execPath, join(ROOT, "src/main.ts"), "serve", ...flags], { cwd: folder });
});
afterAll(async () => server[Symbol.asyncDispose]());

/** Addresses of the default server become that of the one that runs. */
function addressed(code: string): string {
  const { port } = new URL(server.url);
  return code.replaceAll(/\b(127\.0\.0\.1|localhost):(?:8080|11434)\b/g, `$1:${port}`);
}

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(command: readonly string[], cwd: string): Promise<Outcome> {
  const { ROCKCHIP_LLAMA_API_KEY: _, XDG_DATA_HOME: __, ...inherited } = process.env;
  const child = Bun.spawn([...command], {
    cwd,
    env: {
      ...inherited,
      HOME: cwd,
      PATH: `${bin}:${inherited["PATH"] ?? ""}`,
      OLLAMA_HOST: server.url,
      ROCKCHIP_LLAMA_MODELS_DIR: modelsDir,
      ROCKCHIP_LLAMA_CPU_COUNT: "1",
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { status: await child.exited, stdout, stderr };
}

/** Runs a block; with a reason not to, reads it. */
async function runFence(fence: Fence, cwd: string): Promise<Outcome | null> {
  const interpreter = interpreterOf(fence);
  const read = reasonOf(fence) !== null;
  const code = addressed(fence.code);
  if (interpreter === "shell") return run(["bash", ...(read ? ["-n"] : ["-e", "-u", "-o", "pipefail"]), "-c", code], cwd);
  if (interpreter === "python") {
    return run(["python3", "-c", read ? "import ast, sys; ast.parse(sys.argv[1])" : code, code], cwd);
  }
  if (interpreter === null || read) return null;
  const script = join(cwd, `block-${fence.line}.ts`);
  writeFileSync(script, code);
  return run([process.execPath, script], cwd);
}

/** What is wrong with a page, as sentences. */
async function pageFaults(path: string): Promise<string[]> {
  const cwd = join(folder, `page-${basename(path, ".md")}`);
  mkdirSync(cwd);
  symlinkSync(join(ROOT, "node_modules"), join(cwd, "node_modules"));
  const faults: string[] = [];
  let before: Outcome | null = null;
  for (const fence of fencesOf(readText(path))) {
    const at = `${path}:${fence.line}`;
    faults.push(...unknownWords(fence).map((word) => `${at}: "${word}" is no reason; there are ${Object.keys(REASONS).join(", ")}`));
    const file = fileOf(fence);
    if (file !== null) writeFileSync(join(cwd, file), `${fence.code}\n`);
    if (fence.words.includes("output")) {
      if (before === null) faults.push(`${at}: shows an output, but nothing was run before it`);
      else faults.push(...outputFaults(fence.language, fence.code, before.stdout).map((fault) => `${at}: ${fault}`));
      continue;
    }
    const outcome = await runFence(fence, cwd);
    if (outcome !== null && outcome.status !== 0) {
      faults.push(`${at} ended with ${outcome.status}:\n${fence.code}\n${outcome.stdout}${outcome.stderr}`);
    }
    before = reasonOf(fence) === null ? outcome : null;
  }
  return faults;
}

test.each(PAGES)("the commands of %s work as they are written", async (path) => {
  expect(await pageFaults(path)).toEqual([]);
});

test("docs/contributing.md tells every reason not to run a block", () => {
  const contributing = readText("docs/contributing.md");
  expect(Object.keys(REASONS).filter((word) => !contributing.includes(`| \`${word}\``))).toEqual([]);
});
