/** Who keeps the prompts of one model on disk. */
import type { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { PromptCache } from "../core/prompt-cache.ts";
import type { RuntimeFindings } from "../core/runtime-findings.ts";
import { libraryIdentity } from "./findings-key.ts";
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

/** null: nobody keeps them. A file holds one lane, so a model with several keeps none. */
export function modelKeeper({ cache, model, library, program, options, findings, mode, onFault }: ModelKeeperOptions): KeeperFor | null {
  const { works, loadAfterAbort, bytesPerToken } = findings.promptCache ?? {};
  const isBuiltIn = library.kind === "built-in";
  const isKnown = works ?? isBuiltIn;
  if (options.lanes > 1 || mode === "off" || (mode === "auto" && !isKnown)) return null;
  return (contextTokens) => {
    const common = [model.path, model.bytes, model.modifiedMs, libraryIdentity(library, program), contextTokens];
    return new PromptKeeper({
      cache,
      spaceOf: (adapter) => ({
        model: model.id,
        key: new Bun.CryptoHasher("sha256")
          .update(JSON.stringify([...common, adapter === undefined ? null : [adapter.path, adapter.scale, adapter.edition]]))
          .digest("hex"),
      }),
      bytesPerToken: model.kvBytesPerToken ?? bytesPerToken ?? KV_BYTES_PER_TOKEN_UNKNOWN,
      loadsAfterAbort: loadAfterAbort ?? isBuiltIn,
      onFault,
    });
  };
}
