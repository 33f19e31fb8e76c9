/** Where a short name leads on this machine. */
import { AppError } from "../core/errors.ts";
import type { PullTarget } from "./choose-weights.ts";
import { type HubRepository, searchPage } from "./hub.ts";
import { nearestRepositories } from "./nearest-names.ts";
import type { Conversion, ShortName } from "./short-names.ts";

/** What to pull for a short name. */
export interface ShortNameSource {
  readonly conversion: Conversion;
  /** Chooses among the repository's files; "" leaves the choice to the machine. */
  readonly selector: string;
  /** Sentences for the user before it starts. */
  readonly notes: readonly string[];
}

/**
 * The listed conversion for this machine: for its NPU where there is a library for it, else for the CPU.
 * Throws AppError not_found, with what to look for, where none is listed.
 */
export async function sourceOfShortName(
  { model, quantization }: ShortName,
  options: PullTarget & Pick<HubRepository, "endpoint"> & { readonly token?: string; readonly signal: AbortSignal },
): Promise<ShortNameSource> {
  const { boardSoc, runtimeVersion, endpoint, signal } = options;
  const soc = runtimeVersion === null ? null : boardSoc;
  const forNpu = soc === null ? undefined : model.conversions.find((each) => each.format === "rkllm" && each.soc === soc);
  const conversion = forNpu ?? model.conversions.find((each) => each.format === "gguf");
  const words = `${model.title} ${soc ?? "GGUF"}`;
  const page = searchPage(endpoint, words);
  if (conversion === undefined) {
    const found = await nearestRepositories(options, words, signal);
    const what = soc === null ? "No .gguf of it" : `No conversion of it for ${soc.toUpperCase()}, and no .gguf,`;
    throw new AppError(
      "not_found",
      `${model.name} is ${model.title}. ${what} is in this program's list.${found} Look at ${page}, and pull owner/repository of one you trust.`,
    );
  }
  const notes: string[] = [];
  if (soc !== null && forNpu === undefined)
    notes.push(
      `No conversion of ${model.title} for ${soc.toUpperCase()} is in this program's list; this one runs on the CPU. For the NPU look at ${page}.`,
    );
  if (!conversion.verified)
    notes.push(`unverified: ${model.name} comes from ${conversion.repository}, which nobody has tried with this program.`);
  return { conversion, selector: quantization === "" ? formatSelector(conversion) : quantization, notes };
}

/** A repository that has both formats is still asked for the listed one. */
function formatSelector({ format }: Conversion): string {
  return format === "gguf" ? "gguf" : "";
}
