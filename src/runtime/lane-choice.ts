/** Which lane of the KV cache a prompt goes to: the library computes only what follows the prefix that the lane holds already. */

/** What a lane's KV cache is thought to hold. */
export interface Lane {
  /** Token ids; empty where nothing is known. */
  readonly held: Int32Array;
  /** Position in the order of uses; the smallest was used longest ago. */
  readonly usedAt: number;
}

/** How many tokens two sequences begin with alike. */
export function commonPrefix(a: Int32Array, b: Int32Array): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at++;
  return at;
}

/**
 * A lane for each prompt, no lane twice. What a lane saves is the prefix it holds of the prompt; what it costs is the rest of what it holds, which its
 * own conversation would have to compute again. That one comes back is the less likely the longer ago it was here.
 * @param prompts token ids; null where only the library knows them
 */
export function chooseLanes(prompts: readonly (Int32Array | null)[], lanes: readonly Lane[]): readonly number[] {
  const worth = lanes.map(({ usedAt }) => lanes.filter((other) => other.usedAt <= usedAt).length / lanes.length);
  const pairs = prompts.flatMap((ids, prompt) =>
    lanes.map(({ held, usedAt }, lane) => {
      const common = ids === null ? 0 : commonPrefix(ids, held);
      return { prompt, lane, usedAt, gain: common - (worth[lane] ?? 1) * (held.length - common) };
    }),
  );
  pairs.sort((a, b) => b.gain - a.gain || a.usedAt - b.usedAt || a.prompt - b.prompt);
  const chosen = prompts.map(() => -1);
  const taken = new Set<number>();
  for (const { prompt, lane } of pairs) {
    if (chosen[prompt] !== -1 || taken.has(lane)) continue;
    chosen[prompt] = lane;
    taken.add(lane);
  }
  return chosen;
}
