/** The CPU runtime under `doctor --probe`: a tiny model, and what came of the questions. */
import { join } from "node:path";
import { prepareNativeAssets } from "../../src/runtime/native/assets.ts";
import { askLibrary, type AskOptions, type Asking } from "../../src/runtime/probe/ask-library.ts";
import { GREEDY } from "../../src/runtime/probe/question.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeTinyGguf } from "./tiny-gguf.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const FOLDER = temporaryFolder();
const MODEL = join(FOLDER, "tiny.gguf");
const CONTEXT_TOKENS = 512;
writeTinyGguf(MODEL, { contextTokens: CONTEXT_TOKENS });

/** Long enough for a busy machine. */
const LIMIT_MS = 20_000;

export interface TinyProbe extends Pick<Partial<AskOptions>, "questions" | "questionsPerChild" | "limitMs" | "onQuestion"> {
  readonly version: string;
  readonly moods?: string;
  /** Default the tiny model. */
  readonly modelPath?: string;
}

/** Asks; all questions share a child as long as it lives, unless told otherwise. */
export async function probeTiny({ version, moods = "", modelPath = MODEL, ...asking }: TinyProbe): Promise<Asking> {
  return askLibrary(
    {
      library: { kind: "built-in", version },
      assets: await prepareNativeAssets(FOLDER),
      modelPath,
      options: {
        contextTokens: CONTEXT_TOKENS,
        sampling: GREEDY,
        nKeep: 0,
        skipSpecialToken: true,
        baseDomainId: 0,
        embedFlash: false,
        cpuCount: 1,
        cpuMask: 1,
        lanes: 1,
        idleLane: "token",
        hashesPrompts: false,
      },
      controlTexts: ["<|im_start|>"],
    },
    {
      command: [process.execPath, MAIN, "probe-host"],
      environment: { ...process.env, RKLLM_CPU_MOODS: moods, RKLLM_CPU_NPU_LOCK: join(FOLDER, "npu.lock"), RKLLM_LOG_LEVEL: "1" },
      limitMs: LIMIT_MS,
      questionsPerChild: Infinity,
      ...asking,
    },
  );
}
