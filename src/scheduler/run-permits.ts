/**
 * How many runs may go on at the same time over all models. The NPU works on one thing at a time: two runs only wait for each other, and a
 * model that is opened while another runs was seen to hang (RK3576).
 */
import { cancellation } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { ServiceTime } from "./service-time.ts";

/** One of those that use the device, and what it can know of the others. */
export interface DevicePermit {
  /** For a batch of turns. Resolves with the way to give the permit back, which may be called twice. */
  readonly take: () => Promise<() => void>;
  /** For anything else, which says nothing of how long turns take. Throws AppError what the signal was fired with when it fires before. */
  readonly takeAside: (signal?: AbortSignal) => Promise<() => void>;
  /** How many others have to be done before the next permit for this one: those that have one or wait for one now. */
  readonly ahead: number;
  /** How long that is likely to take, ms; null while nothing has been measured. */
  waitMs(): number | null;
}

/** So many at once, first come, first served. */
class RunPermits {
  readonly count: number;
  /** Those that have a permit. */
  holding = 0;
  /** Of turns: from a permit's being given to its being given back. */
  readonly held = new ServiceTime();
  private readonly line: (() => void)[] = [];

  constructor(count: number) {
    this.count = count;
  }

  get waiting(): number {
    return this.line.length;
  }

  async take(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) throw cancellation(signal);
    if (this.holding < this.count) {
      this.holding++;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.line.push(resolve);
    const leave = (): void => {
      const index = this.line.indexOf(resolve);
      if (index < 0 || signal === undefined) return;
      this.line.splice(index, 1);
      reject(cancellation(signal));
    };
    signal?.addEventListener("abort", leave, { once: true });
    await promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  giveBack(): void {
    const next = this.line.shift();
    if (next === undefined) this.holding--;
    else next();
  }
}

class OnePermit implements DevicePermit {
  private readonly permits: RunPermits;
  private readonly now: () => number;
  private holding = 0;
  private waiting = 0;

  constructor(permits: RunPermits, now: () => number) {
    this.permits = permits;
    this.now = now;
  }

  readonly take = async (): Promise<() => void> => this.hold(true);

  readonly takeAside = async (signal?: AbortSignal): Promise<() => void> => this.hold(false, signal);

  private async hold(isTurn: boolean, signal?: AbortSignal): Promise<() => void> {
    this.waiting++;
    await this.permits.take(signal).finally(() => this.waiting--);
    this.holding++;
    const sinceMs = this.now();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.holding--;
      if (isTurn) this.permits.held.note(this.now() - sinceMs);
      this.permits.giveBack();
    };
  }

  get ahead(): number {
    const { holding, waiting, count } = this.permits;
    return Math.max(0, holding + waiting - this.holding - this.waiting - (count - 1));
  }

  waitMs(): number | null {
    const { ahead } = this;
    const { held, holding, count } = this.permits;
    // Of one that has a permit, half is over on average.
    return held.waitMs((ahead > 0 && holding > this.holding ? ahead - 0.5 : ahead) / count);
  }
}

/**
 * What each slot of a model has to ask for; for each another.
 * @param atOnce over all models; null: one for those on the NPU, and no limit for others
 * @param now a clock that is never set, ms
 */
export function devicePermits(atOnce: number | null, now = () => performance.now()): (model: ModelDescriptor) => DevicePermit | null {
  const permits = new RunPermits(atOnce ?? 1);
  return ({ format }) => (atOnce === null && format === "gguf" ? null : new OnePermit(permits, now));
}
