/** The configuration of a running server: what it was started with, and what was changed since. */
import { AppError } from "../core/errors.ts";
import type { EffectiveSetting, Settings } from "../core/settings.ts";
import { type ConfigSource, valueProblem } from "./candidate.ts";
import { KEYS, type Key, type KeyName } from "./known-keys.ts";
import type { LoadedConfig } from "./load.ts";
import { didYouMean } from "./nearest.ts";
import type { ServerConfig } from "./server-schema.ts";

/** What is read anew whenever it matters; all else is read once, at the start or when a model is opened. */
const CHANGEABLE: ReadonlySet<KeyName> = new Set([
  "models_loaded_max",
  "memory_budget_bytes",
  "keep_alive_s",
  "queue_depth_max",
  "queue_timeout_s",
  "batch_window_ms",
  "sampling_mismatch",
  "answer_retries_max",
  "repetition_guard",
  "log_level",
] satisfies (keyof ServerConfig)[]);

const CHANGED = "changed while running";

/** Settings that may change. Whoever works with one that may reads it from `server` when it matters. */
export class LiveSettings implements Settings {
  private readonly loaded: LoadedConfig;
  private readonly changes = new Map<KeyName, unknown>();
  private current: ServerConfig;

  constructor(loaded: LoadedConfig) {
    this.loaded = loaded;
    this.current = loaded.config.server;
  }

  /** The server's part, as it is now. */
  get server(): ServerConfig {
    return this.current;
  }

  list(): readonly EffectiveSetting[] {
    return KEYS.map((key) => this.effective(key));
  }

  modelSections(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
    return this.loaded.config.inference.models;
  }

  change(values: Readonly<Record<string, unknown>>): readonly EffectiveSetting[] {
    const accepted = Object.entries(values).map(([name, value]) => [changeableKey(name, value), value] as const);
    // None of these is a path: where relative ones start does not matter.
    for (const [key, value] of accepted) this.changes.set(key.name, key.type.settle(value, { cwd: "/", env: {} }));
    this.current = { ...this.loaded.config.server, ...Object.fromEntries(this.changes) };
    return accepted.map(([key]) => this.effective(key));
  }

  private effective(key: Key): EffectiveSetting {
    const { config, sources } = this.loaded;
    const values: Readonly<Record<string, unknown>> = { ...config.inference, ...this.current };
    const value = values[key.name];
    const shared = {
      name: key.name,
      source: this.changes.has(key.name) ? CHANGED : sourceText(sources[key.name]),
      changeable: CHANGEABLE.has(key.name),
    };
    if (key.secret === true) return { ...shared, value: null, isSet: value !== null };
    return { ...shared, value: key.type.show?.(value) ?? value };
  }
}

/** Throws AppError invalid_request with the key's name. */
function changeableKey(name: string, value: unknown): Key {
  const refuse = (fault: string): never => {
    throw new AppError("invalid_request", fault, { details: { field: name, fault: "value" } });
  };
  const key = KEYS.find((each) => each.name === name);
  if (key === undefined) return refuse(`There is no setting "${name}".${didYouMean(name, [...CHANGEABLE])}`);
  if (!CHANGEABLE.has(key.name)) {
    return refuse(
      `${name} cannot be changed while the server runs. Set it with ${key.flag}, ${key.variable}${key.secret === true ? "" : " or in a file"}, and restart the server.`,
    );
  }
  const problem = valueProblem({ key, value, source: { kind: "default", name: "" }, place: "The request" });
  return problem === undefined ? key : refuse(problem);
}

function sourceText({ kind, name }: ConfigSource): string {
  return kind === "default" ? "default" : name;
}
