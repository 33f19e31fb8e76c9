/** Waiting with an end. */

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
