/** Finds the name somebody meant. */

/** The known name that differs least from a mistyped one, without regard to case, dashes and camel case; undefined if none is close. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const wanted = canonical(given);
  let best: string | undefined;
  // A third of the letters may differ; of a short word two, but never more than half of it.
  let bestDistance = Math.min(Math.max(2, Math.floor(wanted.length / 3)), Math.floor(wanted.length / 2)) + 1;
  for (const name of known) {
    const distance = editDistance(wanted, canonical(name));
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** ` Did you mean x?` where something is near, else nothing. */
export function didYouMean(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}

function canonical(name: string): string {
  return name
    .replace(/^-+/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();
}

/** Levenshtein distance: characters to insert, remove or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
