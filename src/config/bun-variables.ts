/** What Bun itself reads of the environment when a process starts, as the server wants it. */

/** What a person has set goes before it. Intervals are in ms. */
const VARIABLES: Readonly<Record<string, string>> = {
  /**
   * Bun collects garbage once a second as long as anything is made, on the thread that all tokens go through (docs/performance.md says what that
   * costs). A heap that fills sooner is collected sooner in any case.
   */
  BUN_GC_TIMER_INTERVAL: "10000",
  /** Bun's allocator looks for pages to give back, up to 20 times a second, on a thread of its own. */
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "1000",
};

/**
 * A process can change none of this for itself, so it starts again in its own place, with the same id, arguments, standard input and output; what
 * else was open is closed. Engine hosts inherit it. Returns where all of it is set, and where the system refuses: then everything works the same,
 * less evenly.
 */
export function startAgain(): void {
  if (Object.keys(VARIABLES).every((name) => process.env[name] !== undefined)) return;
  // Bun would go there once more, from where it has gone already.
  if (process.execArgv.some((flag) => flag.startsWith("--cwd"))) return;
  const script = Bun.isStandaloneExecutable ? [] : [...process.execArgv, Bun.main];
  try {
    process.execve?.(process.execPath, [process.execPath, ...script, ...process.argv.slice(2)], { ...VARIABLES, ...process.env });
  } catch {
    // An emulator, or a filter of system calls.
  }
}
