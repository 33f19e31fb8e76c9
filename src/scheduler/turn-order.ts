/**
 * Who goes next: a turn for each client in turn, however many requests one of them has waiting. Each request gets the number of the round in
 * which it runs; rounds of one client follow one another, and a client that comes back after a pause begins with the round that is running.
 * (Start-time fair queueing with every turn counted alike. source: Goyal, Vin, Cheng: Start-time Fair Queuing, 1996)
 */

/** A request that waits. */
export interface Waiting {
  /** Who asks: a key or an address. */
  readonly client: string;
  readonly round: number;
  /** Requests of one group may run together; null runs alone. Absent: it is not ready to run, and is passed over until it is. */
  readonly group?: string | null;
}

/** Beyond the places of a queue, such a share of them is kept for clients of whom nobody waits. */
const RESERVE_SHARE = 1 / 4;

/**
 * Whether one more may wait. Who takes all places keeps nobody else out: a client of whom nobody waits gets in still, as far as the reserve goes.
 * @param waiting the client of each request that waits
 * @param ahead requests that wait, and one for those that run
 * @param depthMax requests that may wait behind those that run
 */
export function mayWait(client: string, waiting: readonly string[], ahead: number, depthMax: number): boolean {
  if (ahead <= depthMax) return true;
  return ahead <= depthMax + Math.ceil(depthMax * RESERVE_SHARE) && !waiting.includes(client);
}

/** The round of a client's next request: behind the round that is running, and behind those of its own that wait. */
export function nextRound(client: string, running: number, waiting: readonly Waiting[]): number {
  return 1 + waiting.reduce((last, other) => (other.client === client ? Math.max(last, other.round) : last), running);
}

/** Where a newcomer stands: behind all whose round is not later than its own. */
export function placeOf(round: number, waiting: readonly Waiting[]): number {
  const index = waiting.findIndex((other) => other.round > round);
  return index < 0 ? waiting.length : index;
}

/** Those that have their turn together: the first in line that is ready, and behind it those of its group, in order, as far as there are lanes. */
export function firstBatch<W extends Waiting>(waiting: readonly W[], lanes: number): readonly W[] {
  const first = waiting.find(({ group }) => group !== undefined);
  if (first === undefined) return [];
  if (first.group === null) return [first];
  return waiting.filter(({ group }) => group === first.group).slice(0, lanes);
}

/** Of a long run, the part for which the next one may be held back in all. */
const HELD_SHARE = 0.1;

/** What is known of the company that the first in line may have. */
export interface Company {
  /** Those that could run together now. */
  readonly gathered: number;
  /** Those that are in line and not ready yet. */
  readonly coming: number;
  /** Those that ran together last, and for how long, ms. */
  readonly lastBatch: number;
  readonly lastRunMs: number;
  /** How long the first in line has been held back already, ms. */
  readonly heldMs: number;
}

/**
 * How long the first in line is to wait for one more, ms. Whoever ran together is likely to come back together, one after the other; when nobody did and
 * nobody is on the way, nobody waits. The fuller the batch already is, the less there is to be gained; the longer runs are, the more is lost
 * by one that is half empty.
 */
export function windowMs({ gathered, coming, lastBatch, lastRunMs, heldMs }: Company, lanes: number, windowMsMax: number): number {
  if (gathered === 0 || gathered >= Math.min(lanes, Math.max(lastBatch, gathered + coming))) return 0;
  const leftMs = Math.max(windowMsMax, HELD_SHARE * lastRunMs) - heldMs;
  return Math.max(0, Math.min(windowMsMax * (1 - gathered / lanes), leftMs));
}
