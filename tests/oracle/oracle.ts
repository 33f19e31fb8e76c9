/**
 * llama.cpp itself, through node-llama-cpp, as the judge of token ids and greedy answers. It is installed apart from the program:
 * `bun install --cwd tests/oracle --frozen-lockfile --omit=optional`; its native part comes from the program's own optional dependency.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PromptSegment } from "../../src/core/prompt.ts";

/** False where the oracle is not installed; tests that need it are skipped then. */
export const hasOracle: boolean = existsSync(join(import.meta.dir, "node_modules", "node-llama-cpp"));

/** A model as llama.cpp sees it. */
export interface OracleModel {
  /** Control segments as with parse_special, plain ones as without; no BOS is added. */
  encode(segments: readonly PromptSegment[]): number[];
  /** The tokens that follow a prompt at temperature 0, the one that ends the model's turn left out, and their text. */
  greedy(promptIds: readonly number[], tokensMax: number): Promise<OracleAnswer>;
  /** The embedding of a text as llama.cpp makes it, with the tokens that the model wants around it. */
  embed(text: string): Promise<readonly number[]>;
  close(): Promise<void>;
}

export interface OracleAnswer {
  readonly ids: number[];
  readonly text: string;
}

interface NativeModel {
  tokenize(text: string, specialTokens: boolean): number[];
  detokenize(ids: readonly number[], specialTokens: boolean, lastTokens: readonly number[]): string;
  isEogToken(id: number): boolean;
  createContext(options: object): Promise<NativeContext>;
  createEmbeddingContext(options: object): Promise<{
    getEmbeddingFor(text: string): Promise<{ vector: readonly number[] }>;
    dispose(): Promise<void>;
  }>;
  dispose(): Promise<void>;
}

interface NativeContext {
  getSequence(): { evaluate(ids: readonly number[], options: object): AsyncIterable<number> };
  dispose(): Promise<void>;
}

interface Llama {
  loadModel(options: object): Promise<NativeModel>;
}

/** One thread: the tests' machines are shared, and more would wait for each other. */
const THREADS = 1;

let shared: Promise<Llama> | undefined;

async function loadLlama(): Promise<Llama> {
  const specifier: string = "node-llama-cpp";
  const { getLlama } = (await import(specifier)) as { getLlama(options: object): Promise<Llama> };
  return getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: THREADS, progressLogs: false });
}

/** Opens a GGUF file; `vocabOnly` reads no weights. */
export async function openOracle(path: string, options: { vocabOnly?: boolean; contextTokens?: number } = {}): Promise<OracleModel> {
  shared ??= loadLlama();
  const llama = await shared;
  const model = await llama.loadModel({ modelPath: path, vocabOnly: options.vocabOnly ?? false });
  return {
    encode: (segments) => segments.flatMap(({ kind, text }) => model.tokenize(text, kind === "control")),
    greedy: async (promptIds, tokensMax) => {
      const context = await model.createContext({ contextSize: options.contextTokens ?? 1024, threads: THREADS, batchSize: 512 });
      const ids: number[] = [];
      if (tokensMax > 0) {
        for await (const id of context.getSequence().evaluate(promptIds, { temperature: 0, yieldEogToken: true })) {
          if (model.isEogToken(id)) break;
          ids.push(id);
          if (ids.length === tokensMax) break;
        }
      }
      await context.dispose();
      return { ids, text: model.detokenize(ids, false, promptIds) };
    },
    embed: async (text) => {
      const context = await model.createEmbeddingContext({ contextSize: options.contextTokens ?? 1024, threads: THREADS, batchSize: 512 });
      const { vector } = await context.getEmbeddingFor(text);
      await context.dispose();
      return vector;
    },
    close: () => model.dispose(),
  };
}

/** What llama.cpp answers to a prompt at temperature 0. */
export async function greedyAnswer(path: string, promptIds: readonly number[], tokensMax: number): Promise<OracleAnswer> {
  const model = await openOracle(path);
  try {
    return await model.greedy(promptIds, tokensMax);
  } finally {
    await model.close();
  }
}
