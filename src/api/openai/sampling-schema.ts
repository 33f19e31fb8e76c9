/** Request fields that chat and plain completions share, and their way into canonical sampling options. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { AppError } from "../../core/errors.ts";
import type { SamplingOptions } from "../../core/generation.ts";
import { SAMPLING_RANGES } from "../sampling-range.ts";
import { object, optional, present } from "../schema.ts";
import { stopSequences } from "../stop-sequences.ts";

/** -1 is how several local servers and their clients say "as many as fit". */
export const UNLIMITED_TOKENS = -1;

/** The sampling values, OpenAI's and those of other servers that clients send here. */
const SAMPLING_FIELDS = {
  temperature: optional(Type.Number(SAMPLING_RANGES.temperature), "Randomness; 0 always takes the likeliest token."),
  top_p: optional(Type.Number(SAMPLING_RANGES.topP), "Keeps the likeliest tokens up to this share of probability."),
  top_k: optional(Type.Integer(SAMPLING_RANGES.topK), "Keeps this many of the likeliest tokens."),
  frequency_penalty: optional(Type.Number(SAMPLING_RANGES.frequencyPenalty)),
  presence_penalty: optional(Type.Number(SAMPLING_RANGES.presencePenalty)),
  repeat_penalty: optional(Type.Number(SAMPLING_RANGES.repeatPenalty), "Above 1 makes repetition less likely."),
  repetition_penalty: optional(Type.Number(SAMPLING_RANGES.repeatPenalty), "Another name of repeat_penalty."),
  mirostat: optional(Type.Integer(SAMPLING_RANGES.mirostat)),
  mirostat_tau: optional(Type.Number(SAMPLING_RANGES.mirostatTau)),
  mirostat_eta: optional(Type.Number(SAMPLING_RANGES.mirostatEta)),
};

/** All fields that both endpoints take. */
export const COMMON_FIELDS = {
  model: optional(Type.String(), "Name of the model; the default model where it is left out."),
  stream: optional(Type.Boolean(), "Send the answer in pieces, as server-sent events."),
  stream_options: optional(object({ include_usage: optional(Type.Boolean(), "Send token counts in one last chunk.") })),
  stop: optional(Type.Union([Type.String(), Type.Array(Type.String())]), "Texts that end the answer; they are not part of it."),
  n: optional(Type.Integer({ minimum: 1 }), "Number of answers; only 1 is supported."),
  seed: optional(Type.Integer(), "Has no effect: the runtime takes no seed."),
  logit_bias: optional(Type.Record(Type.String(), Type.Number()), "Not supported unless empty."),
  ...SAMPLING_FIELDS,
};

const CommonBody = object(COMMON_FIELDS);
/** The shared part of a body. */
export type CommonBody = Static<typeof CommonBody>;

/** Refuses a field that would change the meaning of the answer and cannot be honoured. */
export function refuse(field: string, why: string): never {
  throw new AppError("unsupported_parameter", `The field "${field}" is not supported: ${why}`, { details: { field } });
}

/** Refuses what neither endpoint can do. */
export function refuseCommon(body: CommonBody): void {
  if ((body.n ?? 1) > 1) refuse("n", "one answer is made per request. Leave it out or send 1, and repeat the request for more answers.");
  if (Object.keys(body.logit_bias ?? {}).length > 0)
    refuse("logit_bias", "the runtime gives no access to token probabilities. Leave it out.");
}

/** Canonical sampling of a request; what the client left out stays out. */
export function samplingOf(body: CommonBody): SamplingOptions {
  return present<SamplingOptions>({
    temperature: body.temperature,
    topK: body.top_k,
    topP: body.top_p,
    repeatPenalty: body.repeat_penalty ?? body.repetition_penalty,
    frequencyPenalty: body.frequency_penalty,
    presencePenalty: body.presence_penalty,
    mirostat: body.mirostat,
    mirostatTau: body.mirostat_tau,
    mirostatEta: body.mirostat_eta,
  });
}

/** Stop sequences as a list. Throws AppError invalid_request. */
export function stopOf(body: CommonBody): string[] {
  return stopSequences(typeof body.stop === "string" ? [body.stop] : (body.stop ?? []), "stop");
}

/** Fields that are let through without effect; the reply names them. */
const WITHOUT_EFFECT = ["seed", "min_p", "typical_p", "repeat_last_n", "parallel_tool_calls", "ignore_eos"] as const;

/** Names of the fields in this body that have no effect here. */
export function ignoredFields(body: object): string[] {
  return WITHOUT_EFFECT.filter((name) => ((body as Readonly<Record<string, unknown>>)[name] ?? null) !== null);
}
