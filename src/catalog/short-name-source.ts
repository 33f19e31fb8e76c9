/** Where a short name leads on this machine. */
import type { Soc } from "../core/model.ts";
import type { PullTarget } from "./choose-weights.ts";
import { type HubRepository, searchPage } from "./hub.ts";
import { nearestRepositories } from "./nearest-names.ts";
import { type Conversion, type ShortModel, titleOf } from "./short-models.ts";
import type { ShortName } from "./short-names.ts";
import { needsNewerLibrary } from "../core/toolkit-version.ts";

/** A board whose owner has not heard yet that the library is no part of this program, or that the server has to be told of it. */
const WITHOUT_LIBRARY =
  "Rockchip's runtime library was not here when this program started, so this is a model for the CPU. For the NPU: " +
  "`rockchip-llama doctor` says how to get the library; restart the server, and pull again.";

/** What to pull for a short name. */
export interface ShortNameSource {
  readonly conversion: Conversion;
  /** Chooses among the repository's files; "" leaves the choice to the machine. */
  readonly selector: string;
  /** Sentences for the user before it starts. */
  readonly notes: readonly string[];
}

/** What the hub is asked with. */
type HubOptions = Pick<HubRepository, "endpoint"> & { readonly token?: string; readonly signal: AbortSignal };

/**
 * The listed conversion for this machine: the best one for its NPU that the library here opens, where there is a library, else the one for the
 * CPU. A quantization that only one of them has decides between them.
 */
export async function sourceOfShortName({ model, wanted }: ShortName, options: PullTarget & HubOptions): Promise<ShortNameSource> {
  const { boardSoc, runtimeVersion } = options;
  const soc = runtimeVersion === null || wanted?.format === "gguf" ? null : boardSoc;
  const forSoc = soc === null ? [] : model.npu.filter((each) => each.soc === soc);
  const forNpu = forSoc.find(({ toolkit }) => !needsNewerLibrary(toolkit, runtimeVersion));
  const conversion = forNpu ?? model.gguf;
  const notes = soc === null || forNpu !== undefined ? [] : [await withoutNpu(model, soc, forSoc, options)];
  if (boardSoc !== null && runtimeVersion === null && wanted?.format !== "gguf") notes.push(WITHOUT_LIBRARY);
  if (!conversion.verified)
    notes.push(`unverified: ${model.name} comes from ${conversion.repository}, which nobody has tried with this program.`);
  const selector = wanted?.quantization ?? conversion.file ?? (conversion.soc === undefined ? "gguf" : "");
  return { conversion, selector, notes };
}

/** Why a board gets a model for its CPU, and what to do for its NPU. */
async function withoutNpu(model: ShortModel, soc: Soc, tooNew: readonly Conversion[], options: PullTarget & HubOptions): Promise<string> {
  const [title, name] = [titleOf(model), soc.toUpperCase()];
  const [best] = tooNew;
  if (best !== undefined) {
    return (
      `The listed conversion of ${title} for ${name}, ${best.repository}, needs the RKLLM library ${best.toolkit ?? ""}, ` +
      `and ${options.runtimeVersion ?? ""} is installed; this one runs on the CPU.`
    );
  }
  const words = `${title} ${soc}`;
  const found = await nearestRepositories(options, words, options.signal);
  return (
    `No conversion of ${title} for ${name} is in this program's list; this one runs on the CPU.${found} ` +
    `For the NPU look at ${searchPage(options.endpoint, words)}, and pull owner/repository of one you trust.`
  );
}
