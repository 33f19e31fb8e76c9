/**
 * Which of a repository's files `pull` gets when the user names none: one that this machine runs, in the quantization that suits it. Where
 * that leaves several, or files of different models, the user is asked instead.
 */
import { formatBytes } from "../core/byte-size.ts";
import { AppError } from "../core/errors.ts";
import type { Soc } from "../core/model.ts";
import { isAdapterName } from "./adapters.ts";
import type { HubEntry } from "./hub.ts";
import { listed } from "./model-names.ts";
import { modelFormatOf, type ModelFileName, parameterCountOf, parseModelFileName, splitPartOf } from "./model-file-name.ts";
import { needsNewerLibrary } from "../core/toolkit-version.ts";

/** The machine that a model is for. */
export interface PullTarget {
  /** null where it is no Rockchip board, or does not say. */
  readonly boardSoc: Soc | null;
  /** Version of the RKLLM library that is installed; null: none; undefined: not known. */
  readonly runtimeVersion?: string | null | undefined;
}

/** Up to this size a model is taken in 8 bits on the CPU; a larger one is too slow so. */
const EIGHT_BIT_BYTES_MAX = 1e9;

/** Best first. An unknown one comes behind all of them. */
const SMALL_GGUF = ["Q8_0", "Q4_K_M", "Q4_0"];
const LARGE_GGUF = ["Q4_K_M", "Q4_0", "Q4_K_S", "UD-Q4_K_XL", "Q4_1", "IQ4_NL", "IQ4_XS", "Q5_K_M", "Q5_K_S", "Q5_0", "Q6_K", "Q8_0"];
/** Larger groups are faster. 4-bit weights come last: they lose more, though RK3576 and RV1126B are faster with them. */
const NPU = ["w8a8", "w8a8_g512", "w8a8_g256", "w8a8_g128", "w4a16", "w4a16_g128", "w4a16_g64", "w4a16_g32", "w4a8_g32"];

interface Candidate {
  readonly entry: HubEntry;
  readonly name: ModelFileName;
  /** Why this machine cannot run it, as the end of a sentence. */
  readonly fault: string | null;
}

/** The file that a selector means on a machine. Throws AppError invalid_request, listing what there is, where that is none or several. */
export function chooseWeights(repository: string, files: readonly HubEntry[], selector: string, target: PullTarget): HubEntry {
  const weights = files.filter(({ path }) => isWeights(path)).map((entry) => candidateOf(entry, repository, target));
  if (weights.length === 0) throw refuse("The repository has no .gguf and no .rkllm file.");
  const selected = selectedBy(selector, weights);
  if (selected.length === 0) throw refuse(`No file matches "${selector}". Name one of these: ${choices(weights)}.`);
  // What the user has named alone is taken whatever it is for: it may be for another machine.
  if (selected.length === 1 && selected[0] !== undefined && selector !== "") return selected[0].entry;
  const fitting = selected.filter(({ fault }) => fault === null);
  if (fitting.length === 0) {
    const why = selected.map(({ entry, fault }) => `${entry.path} ${fault ?? ""}`);
    throw refuse(`No file fits this machine: ${listed(why, "and")}. To pull one all the same, name it: ${repository}:<file>.`);
  }
  const best = bestOf(fitting, target);
  if (best.length === 1 && best[0] !== undefined) return best[0].entry;
  throw refuse(`Several files match. Name one of these: ${choices(best)}.`);
}

/** Weights, or the first part of them; no adapters, no image encoders. */
export function isWeights(path: string): boolean {
  const fileName = path.slice(path.lastIndexOf("/") + 1);
  return modelFormatOf(path) !== null && (splitPartOf(path)?.part ?? 1) === 1 && !/mmproj/i.test(fileName) && !isAdapterName(fileName);
}

/** What the file's name does not tell the repository's may: `owner/model-rk3588-1.2.2`. */
function candidateOf(entry: HubEntry, repository: string, target: PullTarget): Candidate {
  const own = parseModelFileName(entry.path.slice(entry.path.lastIndexOf("/") + 1));
  const whole = parseModelFileName(`${repository.slice(repository.indexOf("/") + 1)}.rkllm`);
  const soc = own.soc ?? whole.soc;
  const toolkitVersion = own.toolkitVersion ?? whole.toolkitVersion;
  const name = own.format === "gguf" ? own : { ...own, ...(soc && { soc }), ...(toolkitVersion && { toolkitVersion }) };
  return { entry, name, fault: faultOf(name, target) };
}

function faultOf({ format, soc, toolkitVersion, quantization }: ModelFileName, { boardSoc, runtimeVersion }: PullTarget): string | null {
  if (format === "gguf") return null;
  if (boardSoc !== null && soc !== undefined && soc !== boardSoc) return `is for ${soc.toUpperCase()}, not ${boardSoc.toUpperCase()}`;
  if (boardSoc === "rk3588" && quantization.startsWith("w4a16")) return "is w4a16, which RK3588 does not run";
  if (needsNewerLibrary(toolkitVersion, runtimeVersion))
    return `needs the RKLLM library ${toolkitVersion ?? ""}, and ${runtimeVersion ?? ""} is installed`;
  return null;
}

/** By file name, else by quantization, else by any part of the path. */
function selectedBy(selector: string, weights: readonly Candidate[]): readonly Candidate[] {
  const wanted = selector.toLowerCase();
  const tests: readonly ((candidate: Candidate) => boolean)[] = [
    ({ entry }) => entry.path.toLowerCase() === wanted || entry.path.toLowerCase().endsWith(`/${wanted}`),
    ({ name }) => name.quantization.toLowerCase() === wanted.replace(/-g(?=\d)/, "_g"),
    ({ entry }) => entry.path.toLowerCase().includes(wanted),
  ];
  return (wanted === "" ? [weights] : tests.map((test) => weights.filter(test))).find((found) => found.length > 0) ?? [];
}

/** The one to take, or all between which only the user can choose. */
function bestOf(fitting: readonly Candidate[], target: PullTarget): readonly Candidate[] {
  const npu = target.boardSoc !== null && target.runtimeVersion !== null;
  const ofFormat = fitting.filter(({ name }) => (name.format === "rkllm") === npu);
  const candidates = ofFormat.length > 0 ? ofFormat : fitting;
  const models = new Set(candidates.map(({ name }) => name.longId));
  if (models.size > 1) return candidates;
  const ranked = candidates
    .map((candidate) => ({ candidate, rank: rankOf(candidate, candidates, target) }))
    .toSorted((one, other) => compareRanks(one.rank, other.rank));
  const [first] = ranked;
  return first === undefined ? [] : ranked.filter(({ rank }) => compareRanks(rank, first.rank) === 0).map(({ candidate }) => candidate);
}

/** Lower is better, the first figure that differs decides. */
function rankOf({ name }: Candidate, all: readonly Candidate[], { boardSoc }: PullTarget): readonly number[] {
  if (name.format === "gguf") return [0, placeIn(isSmall(all) ? [...SMALL_GGUF, ...LARGE_GGUF] : LARGE_GGUF, name.quantization)];
  const [major = 0, minor = 0, patch = 0] = (name.toolkitVersion ?? "").split(".").map(Number);
  return [
    boardSoc !== null && name.soc === undefined ? 1 : 0,
    placeIn(NPU, name.quantization),
    // A newer conversion is faster, and a longer context can be opened shorter.
    -(major * 1e6 + minor * 1e3 + patch),
    -(name.contextTokensMax ?? 0),
  ];
}

function isSmall(candidates: readonly Candidate[]): boolean {
  const eightBit = candidates.find(({ name }) => name.quantization === "Q8_0");
  if (eightBit === undefined) return false;
  const guess = (parameterCountOf(eightBit.name.parameterSize) || Number.POSITIVE_INFINITY) * 1.07;
  return (eightBit.entry.bytes ?? guess) <= EIGHT_BIT_BYTES_MAX;
}

function placeIn(order: readonly string[], quantization: string): number {
  const place = order.indexOf(quantization);
  return place === -1 ? order.length : place;
}

function compareRanks(one: readonly number[], other: readonly number[]): number {
  return one.map((figure, index) => figure - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function choices(candidates: readonly Candidate[]): string {
  const texts = candidates.map(({ entry }) => (entry.bytes === null ? entry.path : `${entry.path} (${formatBytes(entry.bytes)})`));
  return listed(texts, "and");
}

function refuse(message: string): AppError {
  return new AppError("invalid_request", message);
}
