/**
 * pi, a coding agent that people run on small models, as they run it. It is installed apart from the program:
 * `bun install --cwd=tests/agents --frozen-lockfile --omit=optional`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PROGRAM = join(import.meta.dir, "node_modules/@mariozechner/pi-coding-agent/dist/cli.js");

/** False where the agent is not installed; tests that need it are skipped then. */
export const hasPi: boolean = existsSync(PROGRAM);

/** What a run of it came to. */
export interface PiRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The folder it worked in, empty before. */
  readonly folder: string;
}

/** What it is told of the model: it leaves the rest to its defaults. */
export interface PiModel {
  readonly id: string;
  readonly contextWindow?: number;
  readonly maxTokens?: number;
}

/** Runs it once on a task, without a screen, in an empty folder, against the server at `url`. */
export async function runPi(url: string, model: PiModel, task: string): Promise<PiRun> {
  const home = temporaryFolder();
  const folder = temporaryFolder();
  const provider = { baseUrl: `${url}/v1`, api: "openai-completions", apiKey: "unused", models: [model] };
  await Bun.write(join(home, "models.json"), JSON.stringify({ providers: { local: provider } }));
  // It holds 16,384 tokens back for summaries, so in a smaller context it would summarize after every answer.
  await Bun.write(join(home, "settings.json"), JSON.stringify({ compaction: { enabled: false } }));
  const command = [process.execPath, PROGRAM, "--no-session", "--provider", "local", "--model", model.id, "--print", task];
  const child = Bun.spawn(command, {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: home, PI_CODING_AGENT_DIR: home, PI_OFFLINE: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr, folder };
}
