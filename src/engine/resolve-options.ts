/** The one place where what a request leaves open is filled in. */
import { AppError } from "../core/errors.ts";
import { type Sampling, SAMPLING_NAMES, type SamplingOptions } from "../core/generation.ts";
import type { ModelPreset } from "../core/model.ts";
import { answerReserveTokens, type RuntimeCapabilities } from "../core/runtime.ts";
import { contextTokensOf } from "./preset-request.ts";

/** A model's own values: where a request is silent, these hold. */
export interface GenerationDefaults {
  /** As a person or a file says them. What a run is given is resolved from these and its request together. */
  readonly sampling: Sampling;
  /** null: as many as fit. */
  readonly tokensMax: number | null;
}

/**
 * All nine sampling values of a run. Greedy decoding, asked for by temperature 0, top_k 1 or top_p 0, is always spelled top_k 1 with
 * a temperature of 1: dividing by a temperature of 0 is left to nobody. The defaults must not be spelled so: a request that says another
 * temperature would stay greedy. A top_k below 0, which is how some clients turn it off, becomes 0.
 */
export function resolveSampling(request: SamplingOptions, defaults: Sampling): Sampling {
  const asked: Sampling = { ...defaults, ...request };
  const sampling = asked.topK < 0 ? { ...asked, topK: 0 } : asked;
  const greedy = sampling.temperature <= 0 || sampling.topK === 1 || sampling.topP <= 0;
  return greedy ? { ...sampling, topK: 1, topP: 1, temperature: 1, mirostat: 0 } : sampling;
}

/** Options of the request that differ from the defaults that the model was loaded with: a 1.2 runtime cannot honour them. */
export function samplingMismatch(request: SamplingOptions, defaults: Sampling): (keyof SamplingOptions)[] {
  const loaded = resolveSampling({}, defaults);
  const asked = resolveSampling(request, defaults);
  const names = Object.keys(request) as (keyof SamplingOptions)[];
  // One way of asking for greedy decoding is as good as another.
  return Bun.deepEquals(asked, loaded) ? [] : names.filter((name) => isOther(name, request[name], defaults[name]));
}

/**
 * Sampling of a request that has no effect, as its runtime keeps what its model was loaded with.
 * @throws AppError unsupported_parameter where such a request is to be refused
 */
export function ignoredSampling(
  request: SamplingOptions,
  defaults: Sampling,
  { perRunSampling, version }: RuntimeCapabilities,
  mismatch: "run" | "refuse",
): readonly (keyof SamplingOptions)[] {
  if (perRunSampling) return [];
  const ignored = samplingMismatch(request, defaults);
  const [first] = ignored;
  if (first === undefined || mismatch === "run") return ignored;
  const names = ignored.map((name) => SAMPLING_NAMES[name]).join(", ");
  throw new AppError(
    "unsupported_parameter",
    `This runtime (RKLLM ${version}) keeps the sampling its model was loaded with; it cannot change ${names} for one request`,
    { details: { field: SAMPLING_NAMES[first] } },
  );
}

/** A top_k below 0 and one of 0 are the same. */
function isOther(name: keyof SamplingOptions, asked: number | undefined, loaded: number): boolean {
  return name === "topK" ? Math.max(0, asked ?? 0) !== Math.max(0, loaded) : asked !== loaded;
}

/** The room that prompt and answer share. */
interface Room {
  readonly contextTokens: number;
  /** See RuntimeCapabilities. */
  readonly contextReserveTokens?: number | undefined;
}

/** The room of a model as it is opened, which one made of it may have less of. */
export function roomOf({ contextTokens, contextReserveTokens }: RuntimeCapabilities, preset: ModelPreset | undefined): Room {
  return { contextTokens: contextTokensOf(contextTokens, preset), contextReserveTokens };
}

/** Tokens that a prompt may have: one at least is the answer's. */
export function promptTokensMax({ contextTokens, contextReserveTokens }: Room): number {
  return contextTokens - answerReserveTokens(contextReserveTokens) - 1;
}

/**
 * Tokens the answer may have: what was asked for, but never more than fit behind the prompt, so that the library never has to shift its
 * context. 0 is kept: prefill only. `spentTokens`: what earlier tries have taken of it.
 * @throws AppError context_length_exceeded when not one token would fit
 */
export function resolveTokensMax(
  lengths: Room & {
    readonly requested: number | undefined;
    readonly defaultMax: number | null;
    readonly promptTokens: number;
    readonly spentTokens?: number;
  },
): number {
  const { promptTokens, contextTokens, contextReserveTokens } = lengths;
  const reserve = answerReserveTokens(contextReserveTokens);
  const room = contextTokens - reserve - promptTokens;
  if (room < 1) {
    throw new AppError(
      "context_length_exceeded",
      `The prompt has ${promptTokens} tokens, but the model's context holds ${contextTokens}, of which the runtime keeps ${reserve} and the answer needs at least one`,
      { details: { promptTokens, contextTokens, ...(contextReserveTokens === undefined ? {} : { contextReserveTokens }) } },
    );
  }
  const wanted = lengths.requested ?? lengths.defaultMax ?? Infinity;
  return Math.min(Math.max(wanted - (lengths.spentTokens ?? 0), 0), room);
}
