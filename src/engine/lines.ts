/** The open copies of a model, each with the line of those who want it. */
import type { GenerationRequest } from "../core/generation.ts";
import type { RuntimeSlot } from "../core/runtime.ts";
import { Affinity, beginningsOf } from "../scheduler/affinity.ts";
import type { TurnQueue } from "../scheduler/turn-queue.ts";

/** One open copy. */
export interface Line {
  readonly slot: RuntimeSlot;
  readonly queue: TurnQueue;
}

/** All copies of one model; at least one. */
export class Lines {
  readonly all: readonly [Line, ...Line[]];
  private readonly affinity: Affinity;

  constructor(all: readonly [Line, ...Line[]]) {
    this.all = all;
    this.affinity = new Affinity(all.length);
  }

  /** Any of them, for what takes no turn. */
  get first(): Line {
    return this.all[0];
  }

  get busy(): boolean {
    return this.all.some(({ queue }) => queue.busy);
  }

  /** Whether none of them takes another request. */
  get full(): boolean {
    return this.all.every(({ queue }) => queue.full);
  }

  get waiting(): number {
    return this.all.reduce((sum, { queue }) => sum + queue.waiting, 0);
  }

  /** Memory of all processes; null where it cannot be told. */
  memory(): { readonly residentBytes: number; readonly fileBytes: number } | null {
    let residentBytes = 0;
    let fileBytes = 0;
    for (const { slot } of this.all) {
      const memory = slot.memory();
      if (memory === null) return null;
      residentBytes += memory.residentBytes;
      // All map the same file.
      fileBytes = Math.max(fileBytes, memory.fileBytes);
    }
    return { residentBytes, fileBytes };
  }

  /** The one for a request: where its conversation was before, else where there is least to do. */
  choose(request: Pick<GenerationRequest, "input" | "model"> | null): Line {
    if (this.all.length === 1) return this.first;
    const beginnings = request === null ? [] : beginningsOf(request);
    const chosen = this.affinity.choose(
      beginnings,
      this.all.map(({ queue }) => ({ load: queue.load })),
    );
    return this.all[chosen] ?? this.first;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(async ({ slot }) => slot.close()));
  }
}
