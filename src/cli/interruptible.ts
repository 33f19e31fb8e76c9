/** Work that Ctrl-C ends. */

/** As a shell reports a program that Ctrl-C ended. */
export const EXIT_STATUS_INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Does it. Once the work calls `release`, Ctrl-C is what it is without us.
 * @returns the exit status: 0, or 130 where it was told to end. Throws what the work throws otherwise.
 */
export async function interruptible(work: (signal: AbortSignal, release: () => void) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  };
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    await work(stop.signal, release);
    return 0;
  } catch (thrown) {
    if (!stop.signal.aborted) throw thrown;
    return EXIT_STATUS_INTERRUPTED;
  } finally {
    release();
  }
}
