/** Request fields that chat and plain completions share, and their way into canonical sampling options. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { AppError } from "../../core/errors.ts";
import type { SamplingOptions } from "../../core/generation.ts";
import { ignored, noted, refused } from "../request-field.ts";
import { SAMPLING_RANGES } from "../../core/sampling-range.ts";
import { object, optional, present, TOP_K_FIELD } from "../schema.ts";
import { stopSequences } from "../stop-sequences.ts";

/** -1 is how several local servers and their clients say "as many as fit". */
export const UNLIMITED_TOKENS = -1;
/** Most answers to one prompt. */
const ANSWERS_MAX = 8;
/** Most stop sequences; OpenAI takes 4, and editors send 19 and more. What all of them cost is bounded by their characters. */
const STOPS_MAX = 256;

/** The sampling values, OpenAI's and those of other servers that clients send here. */
export const SAMPLING_FIELDS = {
  temperature: optional(Type.Number(SAMPLING_RANGES.temperature), "Randomness; 0 always takes the likeliest token."),
  top_p: optional(Type.Number(SAMPLING_RANGES.topP), "Keeps the likeliest tokens up to this share of probability."),
  top_k: TOP_K_FIELD,
  frequency_penalty: optional(Type.Number(SAMPLING_RANGES.frequencyPenalty), "Makes tokens less likely the more often they have occurred."),
  presence_penalty: optional(Type.Number(SAMPLING_RANGES.presencePenalty), "Makes tokens that have occurred less likely."),
  repeat_penalty: optional(Type.Number(SAMPLING_RANGES.repeatPenalty), "Above 1 makes repetition less likely."),
  repetition_penalty: optional(Type.Number(SAMPLING_RANGES.repeatPenalty), "Another name of `repeat_penalty`."),
  mirostat: optional(Type.Integer(SAMPLING_RANGES.mirostat), "Mirostat sampling: 0 is off, 1 and 2 are its versions."),
  mirostat_tau: optional(Type.Number(SAMPLING_RANGES.mirostatTau), "How surprising the text may be under Mirostat."),
  mirostat_eta: optional(Type.Number(SAMPLING_RANGES.mirostatEta), "How fast Mirostat adapts."),
  seed: noted(Type.Integer(), "The runtime takes no seed."),
  min_p: noted(Type.Number(), "The runtime has no such filter; `top_p` and `top_k` work."),
  typical_p: noted(Type.Number(), "The runtime has no such filter."),
  repeat_last_n: noted(Type.Integer(), "The runtime decides how far back repetition counts."),
  ignore_eos: noted(Type.Boolean(), "An answer ends where the model ends it."),
  logit_bias: refused(Type.Record(Type.String(), Type.Number()), "Refused unless empty: the runtime does not let tokens be weighted."),
};

/** All fields that both endpoints take. */
export const COMMON_FIELDS = {
  model: optional(Type.String(), "Name or alias of the model; the default model answers where it is left out or empty."),
  stream: optional(Type.Boolean(), "Sends the answer in pieces, as server-sent events."),
  stream_options: optional(
    object({
      include_usage: optional(Type.Boolean(), "Sends the token counts in one last chunk, whose `choices` is empty."),
      include_obfuscation: ignored("Chunks are never padded."),
    }),
    "Has a meaning only beside `stream`.",
  ),
  stop: optional(
    Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: STOPS_MAX })]),
    "Texts that end the answer; they are not part of it. Empty ones do nothing.",
  ),
  n: optional(Type.Integer({ minimum: 1, maximum: ANSWERS_MAX }), "Number of answers to each prompt; they are made one after another."),
  n_predict: optional(Type.Integer({ minimum: -1 }), "llama.cpp's name of `max_tokens`; read where that is left out."),
  ...SAMPLING_FIELDS,
};

/** Fields of either endpoint that mean nothing here. They stand last in the tables. */
export const IGNORED_FIELDS = {
  user: ignored("Users are not told apart."),
  cache_prompt: ignored("The KV cache is always used."),
  id_slot: ignored("Requests are not bound to a slot."),
  timings_per_token: ignored("`timings` come at an answer's end alone."),
  return_progress: ignored("The runtime does not tell how far it has read a prompt."),
};

const CommonBody = object(COMMON_FIELDS);
/** The shared part of a body. */
export type CommonBody = Static<typeof CommonBody>;

/** Refuses a field that would change the meaning of the answer and cannot be honoured. */
export function refuse(field: string, why: string): never {
  throw new AppError("unsupported_parameter", `The field "${field}" is not supported: ${why}`, { details: { field } });
}

/** Refuses a value; `why` is the end of a sentence that begins with the field. */
export function refuseValue(field: string, why: string): never {
  throw new AppError("invalid_request", `The field "${field}" ${why}`, { details: { field, fault: "value" } });
}

/** Refuses a request without a field that another one makes necessary. */
export function refuseMissing(field: string, expected: string): never {
  throw new AppError("invalid_request", `The field "${field}" is missing: it must be ${expected}.`, {
    details: { field, fault: "missing" },
  });
}

/** Refuses what neither endpoint can do. */
export function refuseCommon(body: CommonBody): void {
  if (Object.keys(body.logit_bias ?? {}).length > 0) refuse("logit_bias", "the runtime does not let tokens be weighted. Leave it out.");
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
