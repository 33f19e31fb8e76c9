/**
 * How many runs may go on at the same time over all models. The NPU works on one thing at a time: two runs only wait for each other, and two
 * processes on it at once were seen to hang (RK3576).
 */
import type { ModelDescriptor } from "../core/model.ts";

/** So many at once, first come, first served. */
class RunPermits {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  /** Resolves with the way to give the permit back, which may be called twice. */
  async take(): Promise<() => void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }
}

/**
 * What the runs of a model have to ask for.
 * @param atOnce over all models; null: one for those on the NPU, and no limit for others
 */
export function devicePermits(atOnce: number | null): (model: ModelDescriptor) => (() => Promise<() => void>) | null {
  const permits = new RunPermits(atOnce ?? 1);
  const take = async () => permits.take();
  return ({ format }) => (atOnce === null && format === "gguf" ? null : take);
}
