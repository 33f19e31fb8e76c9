/** The command as people run it, on whatever machine this is. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");

interface Report {
  readonly level: string;
  readonly sections: readonly { readonly findings: readonly { readonly check: string; readonly level: string; readonly text: string }[] }[];
  readonly config?: readonly { readonly key: string; readonly value: string; readonly source: string }[];
}

async function doctor(flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  const place = ["--models-dir", folder, "--cache-dir", join(folder, "cache"), "--keys-file", join(folder, "keys.json"), "--port", "0"];
  const child = Bun.spawn([process.execPath, MAIN, "doctor", ...place, ...flags], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, output, errors };
}

function findingOf(report: Report, check: string) {
  return report.sections.flatMap(({ findings }) => findings).find((finding) => finding.check === check);
}

test("it exits with 1 where something does not work, else with 0, and writes no colours into a pipe", async () => {
  const { exitCode, output, errors } = await doctor([]);
  expect(errors).toBe("");
  expect(output).not.toContain("\u001b");
  expect(output).toMatch(/\n(no|\d+) failures?, (no|\d+) warnings?\. \S*docs\/doctor\.md(?: in the repository)? explains every check\.\n$/);
  expect(exitCode).toBe(output.includes("\nno failures") ? 0 : 1);
});

test("as JSON it is the same, with the configuration where that is asked for", async () => {
  const { exitCode, output } = await doctor(["--json", "--config", "--host", "0.0.0.0"], { OLLAMA_NUM_PARALLEL: "4" });
  const report = JSON.parse(output) as Report;
  expect([exitCode, report.level]).toEqual([1, "failure"]);
  expect(findingOf(report, "access")).toMatchObject({ level: "failure" });
  expect(findingOf(report, "idle-variable")).toMatchObject({ level: "warning", text: expect.stringContaining("OLLAMA_NUM_PARALLEL") });
  expect(report.config?.find(({ key }) => key === "host")).toEqual({ key: "host", value: '"0.0.0.0"', source: "--host" });
});

test("--probe asks the library, writes a report to send, and keeps the answers for the server", async () => {
  const folder = temporaryFolder();
  writeTinyGguf(join(folder, "tiny.gguf"), { contextTokens: 512 });
  const place = ["--models-dir", folder, "--cache-dir", join(folder, "cache"), "--report", join(folder, "report.md")];
  const { exitCode, output, errors } = await doctor(["--probe", "tiny", "--json", ...place], { RKLLM_CPU_MOODS: "crash-batch=8" });
  expect(exitCode).toBe(0);
  const report = JSON.parse(output) as { rows: { question: string; ending: string }[]; findings: { batchMax: number }; model: object };
  expect(report.rows.filter(({ ending }) => ending !== "answered").map(({ question, ending }) => [question, ending])).toEqual([
    ["batch-8", "crashed"],
  ]);
  expect(report).toMatchObject({ findings: { batchMax: 4, contextReserveTokens: 4 }, model: { file: "tiny.gguf" } });
  expect(errors).toEndWith(`The report is ${join(folder, "report.md")}.\n`);
  const written = readFileSync(join(folder, "report.md"), "utf8");
  expect(written).toContain("| `batch-8` ");
  expect(written).not.toContain(folder);
  const kept = JSON.parse(readFileSync(join(folder, "cache", "runtime-findings.json"), "utf8")) as { entries: { findings: object }[] };
  expect(kept.entries.map(({ findings }) => findings)).toEqual([report.findings]);
});

test("--probe says so where the model does not open, as a table where that is wanted", async () => {
  const folder = temporaryFolder();
  writeTinyGguf(join(folder, "tiny.gguf"), { contextTokens: 512 });
  const place = ["--models-dir", folder, "--report", join(folder, "none", "report.json")];
  const { exitCode, output } = await doctor(["--probe", "tiny", ...place], { RKLLM_CPU_MOODS: "fail-init" });
  expect(exitCode).toBe(1);
  expect(output).toMatch(/^open {16}Does the model open.*\n {20}Refused: rkllm_init returned -1 and no handle\.\n {20}-> /m);
  expect(output).toMatch(/\n\n0 answered, 1 refused, \d+ not asked\n$/);
  expect(JSON.parse(readFileSync(join(folder, "none", "report.json"), "utf8"))).toMatchObject({ findings: {} });
});

test("--report is refused where there is nothing to report", async () => {
  const { exitCode, errors } = await doctor(["--report", "x.md"]);
  expect([exitCode, errors]).toEqual([2, "--report goes with --probe <model>.\n"]);
});

test("a flag of another command is refused", async () => {
  const { exitCode, errors } = await doctor(["--sha256", "0"]);
  expect(exitCode).toBe(2);
  expect(errors).toContain("--sha256: doctor has no such flag; it belongs to pull.");
});
