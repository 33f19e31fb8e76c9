/** Who keeps the prompts of one model on disk. */
import type { AppError } from "../core/errors.ts";
import type { Adapter, ModelDescriptor } from "../core/model.ts";
import type { PromptCache } from "../core/prompt-cache.ts";
import type { RuntimeFindings } from "../core/runtime-findings.ts";
import { contentMark } from "./content-mark.ts";
import { libraryIdentity } from "./findings-key.ts";
import { REMEMBERED_TOKENS_MAX } from "./kv-memory.ts";
import { PromptKeeper } from "./prompt-keeper.ts";
import type { LibrarySpec, OpenOptions } from "./protocol.ts";

/** What it is made for. */
export interface ModelKeeperOptions {
  readonly cache: PromptCache;
  readonly model: ModelDescriptor;
  readonly library: LibrarySpec;
  /** Version of this program, with which the built-in library changes. */
  readonly program: string;
  readonly options: Pick<OpenOptions, "lanes">;
  /** `auto`: with a library that is known to do it right. */
  readonly findings: RuntimeFindings;
  readonly mode: "auto" | "on" | "off";
  readonly onFault: (path: string, error: AppError) => void;
}

/** Where nothing tells what a token takes in the KV cache: that of a model of a few billion weights. */
const KV_BYTES_PER_TOKEN_UNKNOWN = 100_000;

/** Makes a slot's keeper. @param contextTokens that the slot is really opened with */
export type KeeperFor = (contextTokens: number) => PromptKeeper;

/** Who keeps a model's prompts. */
export interface ModelKeeper {
  readonly keeperFor: KeeperFor;
  /** The model is open: what was computed with another file of its name, another library or another version of it is good for nothing any more. */
  opened(this: void): void;
}

/** null: nobody keeps them. A file holds one lane, so a model with several keeps none. */
export function modelKeeper(made: ModelKeeperOptions): ModelKeeper | null {
  const { cache, model, options, findings, mode, onFault } = made;
  const { works, loadAfterAbort, bytesPerToken } = findings.promptCache ?? {};
  const isBuiltIn = made.library.kind === "built-in";
  // To write a file is to run what is held once more: all of it is computed anew where the library reads prompts whole, and so it is when it is read.
  const isKnown = (works ?? isBuiltIn) && findings.readsPromptsWhole !== true;
  if (options.lanes > 1 || mode === "off" || (mode === "auto" && !isKnown)) return null;
  const edition = editionOf(made);
  const keeperFor = (contextTokens: number): PromptKeeper => {
    const adapters = new Map<string, string>();
    /** Asked for with each run, and read once: an adapter stays in the library as it was loaded. */
    const keyOf = (adapter: Adapter | undefined): string => {
      const name = JSON.stringify(adapter === undefined ? null : [adapter.path, adapter.scale, adapter.edition]);
      const known = adapters.get(name) ?? digitsOf([contextTokens, name, adapter === undefined ? null : contentMark(adapter.path)]);
      adapters.set(name, known);
      return edition + known;
    };
    return new PromptKeeper({
      cache,
      spaceOf: (adapter) => ({ model: model.id, key: keyOf(adapter) }),
      sequences: () => cache.sequencesOf(model.id, edition, REMEMBERED_TOKENS_MAX),
      bytesPerToken: model.kvBytesPerToken ?? bytesPerToken ?? KV_BYTES_PER_TOKEN_UNKNOWN,
      ratesBefore: cache.ratesOf(model.id, edition),
      keepRates: (rates) => cache.keepRates(model.id, edition, rates),
      loadsAfterAbort: loadAfterAbort ?? isBuiltIn,
      onFault,
    });
  };
  return { keeperFor, opened: () => cache.retire(model.id, edition) };
}

/** What the keys of all files begin with that were computed with this model file and this library. */
function editionOf({ model, library, program }: ModelKeeperOptions): string {
  const { path, bytes, modifiedMs, sha256 = null } = model;
  return digitsOf([path, bytes, modifiedMs, sha256, contentMark(path), libraryIdentity(library, program)]);
}

function digitsOf(facts: unknown): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32);
}
