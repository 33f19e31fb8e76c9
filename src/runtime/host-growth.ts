/** Watches the memory of one host from run to run: Rockchip's library is reported to lose about 2 MB in each (1.3.0, some models). */
import type { SlotMemory } from "../core/runtime.ts";

/** The first runs take what a runtime keeps for good: buffers, thread stacks, pages that are touched for the first time. */
const SETTLING_RUNS = 3;

/** By how much a host has grown, bytes, and what it takes now. */
export interface Growth {
  readonly grownBytes: number;
  readonly residentBytes: number;
}

/** One host's memory. */
export class HostGrowth {
  readonly #bytesMax: number;
  #runs = 0;
  #settledBytes = Infinity;

  /** @param bytesMax 0: it may grow without end. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * After a run. Pages of files do not count: a model that is mapped comes into memory as it is used, and the system can take it back.
   * @param memory null where nobody can tell
   * @returns the growth where it is too much
   */
  note(memory: SlotMemory | null): Growth | null {
    if (memory === null || this.#bytesMax === 0) return null;
    const residentBytes = memory.residentBytes - memory.fileBytes;
    this.#runs++;
    if (this.#runs <= SETTLING_RUNS) {
      this.#settledBytes = residentBytes;
      return null;
    }
    this.#settledBytes = Math.min(this.#settledBytes, residentBytes);
    const grownBytes = residentBytes - this.#settledBytes;
    return grownBytes > this.#bytesMax ? { grownBytes, residentBytes } : null;
  }
}
