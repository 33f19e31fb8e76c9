/** Puts the configuration together: flag over environment over file over default. */
import { AppError } from "../core/errors.ts";
import { type Candidate, type ConfigSource, valueProblem } from "./candidate.ts";
import { type Environment, environmentLayer } from "./environment.ts";
import { type FileLayer, fileLayer } from "./files.ts";
import { flagLayer } from "./flags.ts";
import type { InferenceConfig, InferenceValues } from "./inference-schema.ts";
import { CONFIG_DIR_VARIABLE, type ConfigPart, KEYS, type Key, type KeyName } from "./known-keys.ts";
import type { ServerConfig } from "./server-schema.ts";
import type { ValueContext } from "./value-type.ts";

/** Where the configuration may come from. */
export interface LoadInput {
  /** Flags of the configuration only, as `parseArguments` hands them over. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Folder that --config-dir names; relative to `cwd`. */
  readonly configDir?: string;
  /** Where relative paths start. */
  readonly cwd: string;
}

/** The effective configuration, in its two parts. */
export interface Config {
  readonly server: ServerConfig;
  readonly inference: InferenceConfig;
}

/** Where each key's value came from. Model sections come from the file alone. */
export type ConfigSources = Readonly<Record<KeyName, ConfigSource>>;

/** The effective configuration, and where each value came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly sources: ConfigSources;
}

/**
 * The effective configuration. Values that are overridden are checked as well.
 * Throws AppError config_invalid that names every unknown key and every bad value at once.
 */
export function loadConfig(input: LoadInput): LoadedConfig {
  const flags = flagLayer(input.argv);
  const variables = environmentLayer(input.env);
  const files = fileLayer(input.cwd, input.configDir ?? (input.env[CONFIG_DIR_VARIABLE] || undefined));
  const candidates = [...flags.candidates, ...variables.candidates, ...files.candidates];
  refuseProblems([
    ...[flags, variables, files].flatMap((layer) => layer.problems),
    ...[...candidates, ...[...files.models.values()].flat()].flatMap((candidate) => valueProblem(candidate) ?? []),
  ]);

  // Candidates come with the strongest source first.
  const chosen = new Map<KeyName, Candidate>();
  for (const candidate of candidates) if (!chosen.has(candidate.key.name)) chosen.set(candidate.key.name, candidate);
  const context = { cwd: input.cwd, env: input.env };
  const inference = partOf("inference", chosen, context) as unknown as InferenceValues;
  return {
    config: {
      server: partOf("server", chosen, context) as unknown as ServerConfig,
      inference: { ...inference, models: modelSections(files, chosen, context) },
    },
    sources: Object.fromEntries(
      KEYS.map((key) => [key.name, chosen.get(key.name)?.source ?? { kind: "default", name: "" }]),
    ) as ConfigSources,
  };
}

function refuseProblems(problems: readonly string[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw new AppError("config_invalid", first);
  throw new AppError(
    "config_invalid",
    [`The configuration has ${problems.length} problems:`, ...problems.map((problem) => `- ${problem}`)].join("\n"),
  );
}

function partOf(part: ConfigPart, chosen: ReadonlyMap<KeyName, Candidate>, context: ValueContext): Record<string, unknown> {
  const settle = (key: Key) => key.type.settle(chosen.has(key.name) ? chosen.get(key.name)?.value : key.initial, context);
  return Object.fromEntries(KEYS.filter((key) => key.part === part).map((key) => [key.name, settle(key)]));
}

/** The models' sections, without the keys that a flag or a variable sets: those beat everything that stands in a file. */
function modelSections(files: FileLayer, chosen: ReadonlyMap<KeyName, Candidate>, context: ValueContext): InferenceConfig["models"] {
  const kept = (candidate: Candidate) => (chosen.get(candidate.key.name)?.source.kind ?? "file") === "file";
  return Object.fromEntries(
    [...files.models].map(([id, section]) => [
      id,
      Object.fromEntries(section.filter(kept).map(({ key, value }) => [key.name, key.type.settle(value, context)])),
    ]),
  );
}
