import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { startServer } from "../support/server-process.ts";
import { greedyAnswer, hasOracle } from "./oracle.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const ROOT = join(import.meta.dir, "../..");
const SMOLLM2 = join(ROOT, "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
/** "The capital of France is" in SmolLM2's vocabulary. */
const CAPITAL_IDS = [504, 3575, 282, 4649, 314];
const TOKENS = 24;

/** What the server says to token ids at temperature 0. */
async function serverText(url: string, ids: readonly number[]): Promise<string> {
  const body = JSON.stringify({ prompt: ids, temperature: 0, max_tokens: TOKENS });
  const response = await fetch(`${url}/v1/completions`, { method: "POST", body });
  return ((await response.json()) as { choices: { text: string }[] }).choices[0]?.text ?? "";
}

test.skipIf(!hasOracle)("greedy text equals llama.cpp's on a tiny model (skipped where tests/oracle is not installed)", async () => {
  await using server: TestServer = await startTestServer({ models: { "tiny.gguf": { vocabulary: "bpe" } } });
  const ids = [270, 280, 290, 300, 310];
  const { text } = await greedyAnswer(join(server.modelsDir, "tiny.gguf"), ids, TOKENS);
  expect(await serverText(server.url, ids)).toBe(text);
});

const NOTHING_TO_COMPARE = !hasOracle || !existsSync(SMOLLM2);
test.skipIf(NOTHING_TO_COMPARE)("greedy text equals llama.cpp's on SmolLM2 (skipped where one is absent)", async () => {
  await using server = await startServer([
    process.execPath,
    join(ROOT, "src/main.ts"),
    "serve",
    "--port",
    "0",
    "--models-dir",
    join(ROOT, "models"),
    "--default-model",
    "smollm2-135m",
  ]);
  const { text } = await greedyAnswer(SMOLLM2, CAPITAL_IDS, TOKENS);
  expect(await serverText(server.url, CAPITAL_IDS)).toBe(text);
  expect(text).toContain("Paris");
});
