/**
 * Draws an answer as often as the page can bear. Words may come faster than the screen is drawn, and a long answer, or one full of
 * brackets, takes longer to read as Markdown than a word takes to come: most of the time has to be left for the person.
 */

/** About a frame of a screen, ms. */
const FRAME_MS = 16;
/** After a drawing as many times its own duration are left free. */
const FREE_TIMES = 3;

/** Asks for drawings. */
export interface Pacer {
  /** Has it drawn soon; to ask again meanwhile changes nothing. */
  ask(this: void): void;
  /** Draws at once. */
  now(this: void): void;
}

/** `draw` changes state; what follows from that is drawn before the next task, and counts. */
export function createPacer(draw: () => void): Pacer {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let freeUntilMs = 0;
  const now = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const startedMs = performance.now();
    draw();
    setTimeout(() => {
      const endedMs = performance.now();
      freeUntilMs = endedMs + FREE_TIMES * (endedMs - startedMs);
    });
  };
  return {
    now,
    ask: () => {
      timer ??= setTimeout(now, Math.max(FRAME_MS, freeUntilMs - performance.now()));
    },
  };
}
