/** The configuration as a running server shows it and lets it be changed. */

/** One key, and what holds for it now. */
export interface EffectiveSetting {
  readonly name: string;
  /** null for a secret, whatever it is. */
  readonly value: unknown;
  /** For secrets alone: whether there is one. */
  readonly isSet?: boolean;
  /** Where the value comes from: `default`, `--port`, `OLLAMA_HOST`, the path of a file, or that it was changed while the server ran. */
  readonly source: string;
  /** It may be changed while the server runs. */
  readonly changeable: boolean;
}

/** The settings of a running server. */
export interface Settings {
  /** Every key, in the order of the documentation. */
  list(): readonly EffectiveSetting[];
  /** What single models change of them, by model. */
  modelSections(): Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /**
   * Changes settings for as long as the server runs: all of them or, where one is at fault, none. Values are spelled as in a file.
   * Throws AppError invalid_request that names the key at fault and why.
   */
  change(values: Readonly<Record<string, unknown>>): readonly EffectiveSetting[];
}
