/** `parameters` of a model.json: options by the names that Modelfiles and `options` of Ollama's requests have. */
import { type TNumber, type TOptional, Type } from "@sinclair/typebox";
import { SAMPLING_NAMES, type SamplingOptions } from "../core/generation.ts";
import { SAMPLING_RANGES } from "../core/sampling-range.ts";

/** Longest text that ends an answer, and most of them, as in requests. */
const STOP_LENGTH_MAX = 256;
const STOPS_MAX = 64;

const sampling = Object.fromEntries(
  Object.entries(SAMPLING_NAMES).map(([name, key]) => [key, Type.Optional(Type.Number(SAMPLING_RANGES[name as keyof SamplingOptions]))]),
) as Record<(typeof SAMPLING_NAMES)[keyof SamplingOptions], TOptional<TNumber>>;

const StopText = Type.String({ minLength: 1, maxLength: STOP_LENGTH_MAX });

/** Unknown names are kept, and have no effect. */
export const ModelParametersSchema = Type.Object(
  {
    ...sampling,
    /** Most tokens of an answer; negative: as many as fit. */
    num_predict: Type.Optional(Type.Integer({ minimum: -2 })),
    /** Longest prompt and answer together, tokens. */
    num_ctx: Type.Optional(Type.Integer({ minimum: 32 })),
    stop: Type.Optional(Type.Union([StopText, Type.Array(StopText, { maxItems: STOPS_MAX })])),
  },
  { additionalProperties: true },
);
