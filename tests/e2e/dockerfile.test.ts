/** The Dockerfile's own commands, run as they are written, without Docker: its building stages in a copy of the repository. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

interface Step {
  readonly keyword: string;
  readonly words: string;
}

const STAGES = readStages(readFileSync(join(ROOT, "Dockerfile"), "utf8"));

function readStages(dockerfile: string): ReadonlyMap<string, readonly Step[]> {
  const stages = new Map<string, Step[]>();
  let steps: Step[] = [];
  const withoutComments = dockerfile.replaceAll(/^#.*\n/gm, "");
  for (const line of withoutComments.replaceAll(/\\\n\s*/g, "").split("\n")) {
    const [, keyword = "", words = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (keyword === "FROM") stages.set(/ AS (\S+)$/.exec(words)?.[1] ?? "", (steps = []));
    else if (keyword !== "") steps.push({ keyword, words });
  }
  return stages;
}

function stepsOf(stage: string, keyword: string): string[] {
  return (STAGES.get(stage) ?? []).filter((step) => step.keyword === keyword).map(({ words }) => words);
}

async function copyOfRepository(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dockerfile-"));
  const listed = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const paths = listed.stdout.toString().trim().split("\n");
  for (const path of paths) if (await Bun.file(join(ROOT, path)).exists()) await cp(join(ROOT, path), join(folder, path));
  return folder;
}

async function run(command: string, folder: string): Promise<{ exitCode: number; output: string }> {
  const env = { ...process.env, TARGETARCH: process.arch === "x64" ? "amd64" : process.arch };
  const child = Bun.spawn(["sh", "-e", "-c", `exec 2>&1; ${command}`], { cwd: folder, env, stdout: "pipe" });
  const output = await child.stdout.text();
  return { exitCode: await child.exited, output };
}

test("the runtime image copies nothing but what the build stage made", () => {
  const sources = stepsOf("runtime", "COPY").map((words) => words.split(" ")[0]);
  expect(new Set(sources)).toEqual(new Set(["--from=build"]));
});

test("the image runs as a numbered user, so that a cluster can see that it is not root", () => {
  expect(stepsOf("runtime", "USER").map((words) => /^[1-9]\d*$/.test(words))).toEqual([true]);
});

const testInCi = test.skipIf(process.env["CI"] === undefined); // half a minute, and a network
testInCi(
  "its building stages make the executable and the licence files",
  async () => {
    const folder = await copyOfRepository();
    try {
      for (const command of [...stepsOf("dependencies", "RUN"), ...stepsOf("build", "RUN")]) {
        const { exitCode, output } = await run(command, folder);
        expect(exitCode === 0 ? "" : `${command}\n${output}`).toBe("");
      }
      const sources = stepsOf("runtime", "COPY").flatMap((words) => words.split(" ").slice(1, -1));
      const made = sources.map((path) => Bun.file(join(folder, path.replace(/^\/app\//, ""))).exists());
      expect(await Promise.all(made)).toEqual(sources.map(() => true));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  300_000,
);
