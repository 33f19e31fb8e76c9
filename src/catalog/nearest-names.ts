/** What a user may have meant where the hub has nothing: one question to the hub, and no fault where it does not answer. */
import { isWeights } from "./choose-weights.ts";
import { type HubRepository, readHubInfo, searchHub } from "./hub.ts";
import { listed } from "./model-names.ts";

const SHOWN_MAX = 4;

/** ` The repository has a, b and c.`, nearest first; "" where it has no weights or does not answer. */
export async function nearestFiles(repository: HubRepository, path: string, signal: AbortSignal): Promise<string> {
  return quietly(async () => {
    const { files } = await readHubInfo(repository, signal);
    const weights = files.map((file) => file.path).filter(isWeights);
    return weights.length === 0 ? "" : ` The repository has ${listed(nearestFirst(path, weights).slice(0, SHOWN_MAX), "and")}.`;
  }, signal);
}

/** ` The hub has a, b and c.`, nearest first; "" where it finds nothing. */
export async function nearestRepositories(
  hub: Pick<HubRepository, "endpoint" | "token">,
  words: string,
  signal: AbortSignal,
): Promise<string> {
  return quietly(async () => {
    const found = await searchHub(hub, words, signal);
    return found.length === 0 ? "" : ` The hub has ${listed(nearestFirst(words, found).slice(0, SHOWN_MAX), "and")}.`;
  }, signal);
}

async function quietly(ask: () => Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await ask();
  } catch (cause) {
    if (signal.aborted) throw cause;
    return "";
  }
}

/** By how many pairs of letters they share. */
function nearestFirst(wanted: string, names: readonly string[]): readonly string[] {
  const pairs = pairsOf(wanted);
  const share = (name: string): number => {
    const others = pairsOf(name);
    return (2 * [...others].filter((pair) => pairs.has(pair)).length) / (pairs.size + others.size);
  };
  return names.toSorted((one, other) => share(other) - share(one));
}

function pairsOf(text: string): ReadonlySet<string> {
  const letters = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  return new Set(Array.from({ length: Math.max(letters.length - 1, 0) }, (_, index) => letters.slice(index, index + 2)));
}
