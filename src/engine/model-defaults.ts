/** What a model runs with where a request is silent. */
import { readGenerationConfig } from "../catalog/generation-config.ts";
import type { Sampling, SamplingOptions } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { presetSampling } from "./preset-request.ts";
import type { GenerationDefaults } from "./resolve-options.ts";

/** Where the values come from, weakest first; the model's own generation_config.json stands between the two samplings. */
export interface DefaultSources {
  /** The configuration's values for all models. */
  readonly general: Sampling;
  /** What a person set for this model, or by flag or environment for this run of the program. */
  readonly chosen: SamplingOptions;
  readonly tokensMax: number | null;
}

/** Throws AppError model_file_invalid when generation_config.json is damaged. */
export async function readGenerationDefaults(model: ModelDescriptor, sources: DefaultSources): Promise<GenerationDefaults> {
  const path = model.sidecars.generationConfig;
  const recommended = path === undefined ? {} : await readGenerationConfig(path);
  // A runtime that cannot change its sampling from run to run has at least the model's own.
  const own = model.preset === undefined ? {} : presetSampling(model.preset);
  return { sampling: { ...sources.general, ...recommended, ...own, ...sources.chosen }, tokensMax: sources.tokensMax };
}
