/** Ollama's `options` object: lenient about numbers and unknown names, strict about types. */
import { AppError } from "../../core/errors.ts";
import type { SamplingOptions } from "../../core/generation.ts";
import { inRange } from "../../core/sampling-range.ts";
import { notedFields } from "../request-field.ts";
import { present } from "../schema.ts";
import { stopSequences } from "../stop-sequences.ts";
import { OllamaOptions } from "./schema.ts";

/** Options in canonical form. */
export interface DecodedOptions {
  readonly sampling: SamplingOptions;
  readonly tokensMax: number | undefined;
  readonly stop: readonly string[];
  /** Names of options that were sent and have no effect here. */
  readonly ignored: readonly string[];
}

type RawOptions = Readonly<Record<string, unknown>>;

function wrongType(name: string, type: string): never {
  throw new AppError("invalid_request", `option "${name}" must be of type ${type}`, {
    details: { field: `options.${name}`, fault: "type" },
  });
}

function float(options: RawOptions, name: string): number | undefined {
  const value = options[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "number" ? value : wrongType(name, "float32");
}

/** Clients send whole numbers as 40.0; the fraction is cut off, as Ollama does. */
function integer(options: RawOptions, name: string): number | undefined {
  const value = options[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === "number" ? Math.trunc(value) : wrongType(name, "integer");
}

function stopTexts(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  return stopSequences(
    texts.map((text) => (typeof text === "string" ? text : wrongType("stop", "array of strings"))),
    "options.stop",
  );
}

/** Ollama refuses no value for its size, and sliders of its clients go further than the runtime does. */
function bounded(sampling: { readonly [K in keyof SamplingOptions]: number | undefined }): SamplingOptions {
  const given = Object.entries(present<SamplingOptions>(sampling)) as [keyof SamplingOptions, number][];
  return Object.fromEntries(given.map(([name, value]) => [name, inRange(name, value)]));
}

/** Pure. Throws AppError invalid_request for values of a wrong type, and for too long a stop. */
export function decodeOptions(options: RawOptions): DecodedOptions {
  const tokens = integer(options, "num_predict");
  return {
    sampling: bounded({
      temperature: float(options, "temperature"),
      topK: integer(options, "top_k"),
      topP: float(options, "top_p"),
      repeatPenalty: float(options, "repeat_penalty"),
      frequencyPenalty: float(options, "frequency_penalty"),
      presencePenalty: float(options, "presence_penalty"),
      mirostat: integer(options, "mirostat"),
      mirostatTau: float(options, "mirostat_tau"),
      mirostatEta: float(options, "mirostat_eta"),
    }),
    tokensMax: tokens === undefined || tokens < 0 ? undefined : tokens,
    stop: stopTexts(options["stop"]),
    ignored: notedFields(OllamaOptions, options).map((name) => `options.${name}`),
  };
}
