/** Embeddings against llama.cpp itself. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "../support/server-process.ts";
import { startTestServer } from "../support/test-server.ts";
import { hasOracle, openOracle } from "./oracle.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const ROOT = join(import.meta.dir, "../..");
const SMOLLM2 = join(ROOT, "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
const TEXTS = ["The capital of France is", "He could see the number of people on the other side of the river.", "naïve café ☔", "x"];

async function serverVectors(url: string, model: string): Promise<number[][]> {
  const body = JSON.stringify({ model, input: TEXTS });
  const response = await fetch(`${url}/v1/embeddings`, { method: "POST", body });
  return ((await response.json()) as { data: { embedding: number[] }[] }).data.map(({ embedding }) => embedding);
}

async function oracleVectors(path: string): Promise<(readonly number[])[]> {
  const model = await openOracle(path);
  try {
    const vectors: (readonly number[])[] = [];
    for (const text of TEXTS) vectors.push(await model.embed(text));
    return vectors;
  } finally {
    await model.close();
  }
}

/** How far the angles between vectors are from none: 1 less their cosines. */
function differences(ours: readonly (readonly number[])[], theirs: readonly (readonly number[])[]): number[] {
  return ours.map((vector, index) => {
    const other = theirs[index] ?? [];
    const product = vector.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
    return 1 - product / (Math.hypot(...vector) * Math.hypot(...other));
  });
}

const NEAR = TEXTS.map(() => expect.closeTo(0, 3));

test.skipIf(!hasOracle)("vectors are llama.cpp's for tiny models (skipped where tests/oracle is absent)", async () => {
  const pooled = (type: number) => ({ vocabulary: "bpe", metadata: { "llama.pooling_type": { type: "u32", value: type } } }) as const;
  const models = { "mean.gguf": pooled(1), "last.gguf": pooled(3) };
  await using server = await startTestServer({ models, flags: ["--models-loaded-max", "2"] });
  const found = ["mean", "last"].map(async (model) =>
    differences(await serverVectors(server.url, model), await oracleVectors(join(server.modelsDir, `${model}.gguf`))),
  );
  expect(await Promise.all(found)).toEqual([NEAR, NEAR]);
});

const NOTHING_TO_COMPARE = !hasOracle || !existsSync(SMOLLM2);
test.skipIf(NOTHING_TO_COMPARE)("vectors are llama.cpp's for SmolLM2 (skipped where one is absent)", async () => {
  const command = [process.execPath, join(ROOT, "src/main.ts"), "serve", "--port", "0", "--models-dir", join(ROOT, "models")];
  await using server = await startServer(command);
  expect(differences(await serverVectors(server.url, "smollm2-135m"), await oracleVectors(SMOLLM2))).toEqual(NEAR);
});
