/** Computes a prompt for those that will begin as it does. */
import { AppError, cancellation } from "../core/errors.ts";
import type { GenerationRequest } from "../core/generation.ts";
import type { WorkObserver } from "../core/observation.ts";
import { KEPT_TOKENS_MIN } from "../core/prompt-cache.ts";
import type { PreparedPrompt } from "../core/runtime.ts";
import type { WarmPrompt } from "./engine.ts";
import type { Hold } from "./loaded-models.ts";
import { presetRequest } from "./preset-request.ts";
import { promptRequest } from "./prompt-request.ts";
import { resolveTokensMax, roomOf } from "./resolve-options.ts";

/**
 * Runs a prompt for one token that nobody reads, and keeps what was computed.
 * @throws AppError as a run does, invalid_request for a prompt too short to be kept, context_length_exceeded, and unsupported_parameter where
 * nothing is kept
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
  const turn = queue.take(client, signal, waitedMs);
  let prompt: PreparedPrompt | null = null;
  try {
    prompt = await slot.prepare(promptRequest(wanted));
    // One that is too short or too long is refused before it has its turn.
    if (prompt.promptTokens < KEPT_TOKENS_MIN) throw tooShort(prompt.promptTokens);
    resolveTokensMax({ requested: 1, defaultMax: null, promptTokens: prompt.promptTokens, ...roomOf(slot.capabilities, model.preset) });
    work.prepared(prompt.promptTokens);
    turn.ready({ sampling: defaults.sampling, ...(adapter === undefined ? {} : { adapter }) });
    await turn.granted;
    work.granted();
    const { promptId } = prompt;
    prompt = null;
    for await (const event of turn.run({ promptId, tokensMax: 1, signal }, () => false)) void event;
    if (signal.aborted) throw cancellation(signal);
    const kept = await slot.keep();
    if (kept !== null) return { model, ...kept };
    throw new AppError(
      "unsupported_parameter",
      `What the model ${model.id} computes is not kept on disk: see prompt_cache and n_batch in the configuration, and the log.`,
      { details: { field: "model" } },
    );
  } finally {
    if (prompt !== null) slot.discard(prompt.promptId);
    turn.release();
  }
}

function tooShort(promptTokens: number): AppError {
  return new AppError(
    "invalid_request",
    `The prompt has ${promptTokens} tokens; only prompts of at least ${KEPT_TOKENS_MIN} are kept, because shorter ones are computed as soon as they would be read.`,
    { details: { field: "messages", fault: "value" } },
  );
}
