/** The command as people run it, on whatever machine this is. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";

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
  expect(output).toMatch(/\n(no|\d+) failures?, (no|\d+) warnings?\. docs\/doctor\.md explains every check\.\n$/);
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

test("a flag of another command is refused", async () => {
  const { exitCode, errors } = await doctor(["--sha256", "0"]);
  expect(exitCode).toBe(2);
  expect(errors).toContain("--sha256: doctor has no such flag; it belongs to pull.");
});
