/** The models that are measured with, and where they lie. */
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { writeTinyGguf } from "../tests/support/tiny-gguf.ts";

const ROOT = join(import.meta.dir, "..");

/** A model file and the name that the server gives it. */
export interface BenchModel {
  readonly id: string;
  readonly path: string;
  /** Tokens that prompt and answer may have together here. */
  readonly contextTokens: number;
}

/** The built-in model: thousands of tokens a second, so that whatever is around it shows. */
export const TINY_CHAT: BenchModel = { id: "tiny-chat", path: join(ROOT, "models/tiny-chat/tiny-chat.gguf"), contextTokens: 2048 };

const SMOLLM2: BenchModel = {
  id: "smollm2-135m",
  path: join(ROOT, "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"),
  contextTokens: 4096,
};

/** Said where the real model is missing. */
export const NO_SMOLLM2 = "SmolLM2-135M is not there: bun run fetch:smollm2";

/** A real model of about 100 tokens a second; null where it was not fetched. */
export function smolLm2(): BenchModel | null {
  return existsSync(SMOLLM2.path) ? SMOLLM2 : null;
}

/** A model of hardly any weight whose answers never end: it stands for a model on the NPU, which costs the CPU nothing. */
export function writeStandIn(folder: string): BenchModel {
  const path = join(folder, "stand-in.gguf");
  writeTinyGguf(path, { name: "stand-in", contextTokens: 4096, layers: 1, heads: 1 });
  return { id: "stand-in", path, contextTokens: 4096 };
}

/** Ids of the stand-in's vocabulary that are words. */
export function standInPrompt(length: number, first = 0): number[] {
  return Array.from({ length }, (_, index) => 270 + ((first * 37 + index * 11) % 200));
}

/** A models folder that holds these models alone. */
export async function modelsFolder(folder: string, models: readonly BenchModel[]): Promise<string> {
  const target = join(folder, "models");
  await mkdir(target, { recursive: true });
  for (const { id, path } of models) {
    const link = join(target, `${id}.gguf`);
    if (!existsSync(link)) await symlink(path, link);
  }
  return target;
}

/** SHA-256 of a model's file: two reports of other weights are not compared. */
export async function digestOf({ path }: BenchModel): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).arrayBuffer()).digest("hex");
}
