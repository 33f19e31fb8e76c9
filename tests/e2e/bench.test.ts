import { expect, setDefaultTimeout, test } from "bun:test";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Report } from "../../src/bench/report.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";
import { startServer } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");
const QUICK = ["--prompt-tokens", "48", "--output-tokens", "8", "--concurrency", "1,2", "--repeats", "1"];

async function bench(folder: string, ...words: string[]): Promise<{ exitCode: number; output: string; errors: string }> {
  const child = Bun.spawn([process.execPath, MAIN, "bench", ...words], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, output, errors };
}

test("bench measures the built-in model in its own process, and two of its reports can be compared", async () => {
  const folder = temporaryFolder();
  const settings = ["--cpu-count", "8", "--n-batch", "2"];
  const flags = ["tiny-chat", ...QUICK, ...settings, "--port", "0", "--models-dir", folder, "--cache-dir", folder];
  const { exitCode, output, errors } = await bench(folder, "--json", ...flags);
  expect(errors).toStartWith("No server is running: measuring in this process\n");
  const report = JSON.parse(output) as Report;
  expect(report.facts).toMatchObject({ model: "tiny-chat", promptTokens: [48], concurrency: [1, 2], outputTokens: 8 });
  // What the model runs with, not what is configured: a .gguf leaves a core to the server.
  expect(report.facts).toMatchObject({ nBatch: 2, threads: Math.min(8, Math.max(1, availableParallelism() - 1)) });
  expect(report.facts.modelDigest).toMatch(/^[0-9a-f]{64}$/);
  expect(report.cells.map(({ concurrency, ttftMs }) => [concurrency, ttftMs.n])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(report.cells[0]!.promptTokensSent).toBeGreaterThan(40);
  expect(report.cells[0]!.promptTokensSent).toBeLessThanOrEqual(48);
  expect(report.cells[0]!.prefillPerS!.median).toBeGreaterThan(0);
  expect(report.quality.flatMap(({ faults }) => faults)).toEqual([]);
  expect({ exitCode, published: "none" in report.published }).toEqual({ exitCode: 0, published: true });

  await Bun.write(join(folder, "one.json"), output);
  await Bun.write(join(folder, "other.json"), JSON.stringify({ ...report, facts: { ...report.facts, threads: 99 } }));
  expect(await bench(folder, "--compare", "one.json", "one.json")).toMatchObject({
    exitCode: 0,
    output: expect.stringContaining("| 1.00"),
  });
  expect(await bench(folder, "--compare", "one.json", "other.json")).toMatchObject({
    exitCode: 2,
    errors: expect.stringMatching(/^These two runs cannot be compared\. They differ in\n {2}threads: \d+ and 99\n$/),
  });
});

test("bench measures the server that is running, and fails a model that babbles", async () => {
  const folder = temporaryFolder();

  // A size in the name: Ollama's API calls it babble:1b.
  writeTinyGguf(join(folder, "babble-1b.gguf"), { vocabulary: "bpe" });
  const flags = ["--models-dir", folder, "--cache-dir", folder];
  await using server = await startServer([process.execPath, MAIN, "serve", "--port", "0", ...flags], { cwd: folder });
  const { exitCode, output, errors } = await bench(folder, "babble-1b", ...QUICK, "--port", new URL(server.url).port);
  expect(errors).toStartWith(`Measuring the server at ${server.url}\n`);
  expect(output).toContain("# babble-1b on ");
  expect(output).toMatch(/^- model [0-9a-f]{12}, /m);
  expect(output).toContain("FAILED: ");
  expect(exitCode).toBe(1);
});

test.each([
  [["--repeats", "0"], '--repeats: "0" is no whole number from 1 to 1,000,000.'],
  [["--concurrency", "1,x"], '--concurrency: "x" is no whole number from 1 to 256.'],
  [["one", "two"], "two: bench measures one model at a time."],
  [["--compare", "nowhere.json", "nowhere.json"], "nowhere.json: there is no such file."],
  [["--compare"], "--compare: it takes the files of two reports."],
])("bench %p is refused", async (words, message) => {
  expect(await bench(temporaryFolder(), ...words)).toEqual({ exitCode: 2, output: "", errors: `${message}\n` });
});
