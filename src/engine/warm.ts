/** Computes a prompt for those that will begin as it does. */
import { AppError, cancellation, type ErrorCode, type ErrorDetails } from "../core/errors.ts";
import type { GenerationRequest } from "../core/generation.ts";
import type { WorkObserver } from "../core/observation.ts";
import { KEPT_TOKENS_MIN, type KeepRefusal } from "../core/prompt-cache.ts";
import type { PreparedPrompt, RuntimeSlot } from "../core/runtime.ts";
import { unreadAnswer } from "../core/unread-answer.ts";
import type { WarmPrompt } from "./engine.ts";
import type { Hold } from "./loaded-models.ts";
import { presetRequest } from "./preset-request.ts";
import { promptRequest } from "./prompt-request.ts";
import { resolveSampling, resolveTokensMax, roomOf } from "./resolve-options.ts";

/**
 * Runs a prompt for one token that nobody reads, and keeps what was computed.
 * @throws AppError as a run does, invalid_request for a prompt too short or too long to be kept, context_length_exceeded,
 * unsupported_parameter where nothing is kept, and what NOT_KEPT has
 */
export async function warmPrompt(
  request: GenerationRequest,
  { value, model, waitedMs }: Hold,
  client: string,
  work: WorkObserver,
  signal: AbortSignal,
): Promise<WarmPrompt> {
  const { lines, defaults } = value;
  const wanted = presetRequest(request, model.preset);
  const { slot, queue } = lines.choose(wanted);
  const adapter = model.adapted?.adapter;
  refuseUnkept(slot, model.id);
  const turn = queue.take(client, signal, waitedMs);
  let prompt: PreparedPrompt | null = null;
  try {
    prompt = await slot.prepare(promptRequest(wanted));
    // One that is too short or too long is refused before it has its turn.
    if (prompt.promptTokens < KEPT_TOKENS_MIN) throw tooShort(prompt.promptTokens);
    resolveTokensMax({ requested: 1, defaultMax: null, promptTokens: prompt.promptTokens, ...roomOf(slot.capabilities, model.preset) });
    refuseUnkept(slot, model.id, prompt.promptTokens);
    work.prepared(prompt.promptTokens, turn.position);
    turn.ready({ sampling: resolveSampling({}, defaults.sampling), ...(adapter === undefined ? {} : { adapter }) });
    await turn.granted;
    work.granted();
    const { promptId } = prompt;
    prompt = null;
    const { reader, ended } = unreadAnswer();
    turn.run({ promptId, tokensMax: 1, signal, reader }, () => false);
    await ended;
    if (signal.aborted) throw cancellation(signal);
    const kept = await slot.keep();
    if ("refused" in kept) throw notKept(kept.refused, model.id);
    return { model, ...kept };
  } finally {
    if (prompt !== null) slot.discard(prompt.promptId);
    turn.release();
  }
}

/** What can never be kept is not computed for it. */
function refuseUnkept(slot: RuntimeSlot, model: string, promptTokens?: number): void {
  const refusal = slot.keepRefusal(promptTokens);
  if (refusal !== null) throw notKept(refusal, model);
}

const NOT_KEPT: Readonly<Record<KeepRefusal, readonly [code: ErrorCode, why: string, details?: ErrorDetails]>> = {
  off: [
    "unsupported_parameter",
    "prompt_cache is off, n_batch is above 1, or the library is not known to do it right, which doctor --probe finds out.",
    { field: "model" },
  ],
  too_large: [
    "invalid_request",
    "it takes more than prompt_cache_bytes_max allows all files together. Shorten the prompt, or raise that.",
    { field: "messages", fault: "value" },
  ],
  daily_budget: [
    "storage_full",
    "what prompt_cache_bytes_per_day_max allows has been written today. Raise it, or try again after midnight (UTC).",
  ],
  disk_full: ["storage_full", "the disk of cache_dir is nearly full. Free some space, or use another cache_dir."],
  unusable: ["config_invalid", "the files cannot be read or written in cache_dir; the log says why."],
  not_written: ["runtime_error", "the runtime library did not write it. Not every model can be saved; the log may say more."],
  closing: ["shutting_down", "the model is being unloaded."],
};

function notKept(refusal: KeepRefusal, model: string): AppError {
  const [code, why, details = {}] = NOT_KEPT[refusal];
  return new AppError(code, `What the model ${model} computes is not kept on disk: ${why}`, { details });
}

function tooShort(promptTokens: number): AppError {
  return new AppError(
    "invalid_request",
    `The prompt has ${promptTokens} tokens; only prompts of at least ${KEPT_TOKENS_MIN} are kept, because shorter ones are computed as soon as they would be read.`,
    { details: { field: "messages", fault: "value" } },
  );
}
