/** Waiting with an end. */
import { Alarm } from "../core/alarm.ts";

/** Stands for "not yet". */
export const TICK = Symbol("tick");

/** Resolves with the promise's value, or with TICK after some time. The timer never outlives the wait. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof TICK> {
  const tick = Promise.withResolvers<typeof TICK>();
  const timer = setTimeout(() => tick.resolve(TICK), ms);
  try {
    return await Promise.race([promise, tick.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for one promise after the other, for some time each, with one timer for all of them. */
export class Patience {
  private readonly alarm: Alarm;
  private giveUp: (answer: typeof TICK) => void = () => undefined;

  constructor(ms: number) {
    this.alarm = new Alarm(ms, () => this.giveUp(TICK));
  }

  /** The promise's value, or TICK after the time. One wait at a time. */
  async wait<T>(promise: Promise<T>): Promise<T | typeof TICK> {
    this.alarm.set();
    return new Promise((resolve, reject) => {
      this.giveUp = resolve;
      promise.then(resolve, reject);
    });
  }

  /** Leaves no timer behind. */
  end(): void {
    this.alarm.end();
  }
}
