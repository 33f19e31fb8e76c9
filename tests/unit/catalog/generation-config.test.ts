import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readGenerationConfig } from "../../../src/catalog/generation-config.ts";

const dir = mkdtempSync(join(tmpdir(), "generation-config-"));
const path = join(dir, "generation_config.json");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.each([
  ['{"temperature":0.6,"top_k":20,"top_p":0.95,"repetition_penalty":1.1}', { temperature: 0.6, topK: 20, topP: 0.95, repeatPenalty: 1.1 }],
  ['{"bos_token_id":1,"eos_token_id":[2,3],"do_sample":true}', {}],
  ['{"do_sample":false,"temperature":0.7}', { temperature: 0 }],
  ['{"temperature":"hot","top_k":-1,"top_p":1.5,"repetition_penalty":0}', {}],
  ['{"temperature":null,"top_k":2.5,"top_p":0}', {}],
  ['{"top_k":0,"top_p":1}', { topK: 0, topP: 1 }],
])("%s gives %j", async (text, expected) => {
  await Bun.write(path, text);
  expect(await readGenerationConfig(path)).toEqual(expected);
});

test.each(["{", "[]", "null", ""])("%j is refused with the file's name", async (text) => {
  await Bun.write(path, text);
  await expect(readGenerationConfig(path)).rejects.toMatchObject({
    code: "model_file_invalid",
    message: expect.stringContaining(path) as string,
  });
});

test("a file that is not there is refused with its name", async () => {
  await expect(readGenerationConfig(join(dir, "absent"))).rejects.toMatchObject({ code: "model_file_invalid" });
});
