/** The models of this machine, and whether each of them can run. */
import { formatBytes } from "../core/byte-size.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { compareVersions } from "./driver.ts";
import type { Board } from "./board.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import { getLibrary } from "./library.ts";
import type { Memory } from "./machine.ts";

/** One model, and what it would take to run it. */
export interface PlannedModel {
  readonly model: ModelDescriptor;
  /** The context it would be opened with, tokens. */
  readonly contextTokens: number;
  /** An estimate. */
  readonly memoryBytes: number;
  /** Runtime libraries that are tried, in this order; empty where there is no choice. */
  readonly libraries: readonly string[];
}

/** What there is to run them with. */
export interface ModelPlan {
  readonly models: readonly PlannedModel[];
  /** What `default_model` names and no model is called; null where it is not set, or there. */
  readonly defaultMissing: string | null;
  /** Version of the library that opens .rkllm files; null where there is none. */
  readonly rkllmVersion: string | null;
}

const PULL = "rockchip-llama pull <model>";

type MachineFacts = Pick<Board, "hasNpu" | "container">;

/** The models' section. */
export function modelFindings({ models, defaultMissing, rkllmVersion }: ModelPlan, board: MachineFacts, memory: Memory | null): Finding[] {
  const none = warning("models", "There is no model but the small demonstration model that comes with the program.", PULL);
  const lost =
    defaultMissing === null
      ? []
      : [failure("default-model", `No model is called ${defaultMissing}, which default_model names.`, "rockchip-llama list")];
  return [...lost, ...(models.length === 0 ? [none] : models.map((each) => modelFinding(each, board, memory, rkllmVersion)))];
}

function modelFinding(
  { model, contextTokens, memoryBytes, libraries }: PlannedModel,
  board: MachineFacts,
  memory: Memory | null,
  rkllmVersion: string | null,
): Finding {
  const { id, unrunnableReason, toolkitVersion } = model;
  if (unrunnableReason !== undefined) {
    // Another model would lack the library, too.
    const lacksLibrary = board.hasNpu && model.format === "rkllm" && rkllmVersion === null;
    return warning("model", `${id} cannot run here: ${unrunnableReason}`, lacksLibrary ? getLibrary(board) : PULL);
  }
  const need = `about ${formatBytes(memoryBytes)} of memory`;
  if (memory !== null && memoryBytes > memory.totalBytes) {
    const text = `${id} needs ${need} with a context of ${tokens(contextTokens)}, and there are ${formatBytes(memory.totalBytes)} in all.`;
    return warning("model", text, `rockchip-llama serve --max-context-len ${shorter(contextTokens)}   # or a smaller model`);
  }
  if (memory !== null && memoryBytes > memory.availableBytes) {
    const text = `${id} needs ${need}, and ${formatBytes(memory.availableBytes)} are available now.`;
    return warning("model", text, "ps -eo rss,comm --sort=-rss | head");
  }
  if (
    model.format === "rkllm" &&
    toolkitVersion !== undefined &&
    rkllmVersion !== null &&
    compareVersions(toolkitVersion, rkllmVersion) > 0
  ) {
    const text = `${id} was converted with ${toolkitVersion}, and the runtime library is ${rkllmVersion}: an older one may not open it.`;
    return warning("model", text, getLibrary(board));
  }
  const longest = contextTokens === model.contextTokensMax ? "" : ` of at most ${tokens(model.contextTokensMax)}`;
  const [first, ...then] = libraries;
  const opener = first === undefined ? "" : ` It is opened with ${[`the library ${first}`, ...then].join(", else ")}.`;
  return ok("model", `${id} fits: a context of ${tokens(contextTokens)}${longest}, ${need}.${opener}`);
}

function tokens(count: number): string {
  return `${count.toLocaleString("en")} tokens`;
}

/** A context that is worth a try, in the steps that the runtime takes. */
function shorter(contextTokens: number): number {
  return Math.max(512, Math.floor(contextTokens / 2 / 32) * 32);
}
