/** Several clients that want one model share its download; it is stopped when the last of them has gone. */
import { AppError, cancellation } from "../core/errors.ts";
import type { LibraryProgress, OnLibraryProgress } from "../core/model-library.ts";

interface SharedPull {
  readonly done: Promise<void>;
  /** For those who come later. */
  readonly last: LibraryProgress | null;
  readonly listeners: Set<OnLibraryProgress>;
  readonly stop: AbortController;
}

/** Downloads that are going on, by what is downloaded. */
export class SharedPulls {
  readonly #pulls = new Map<string, SharedPull>();

  /** Begins a download, or joins the one that is going on. Throws what it throws, and AppError cancelled. */
  async join(
    key: string,
    begin: (onProgress: OnLibraryProgress, signal: AbortSignal) => Promise<void>,
    onProgress: OnLibraryProgress,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) throw cancellation(signal);
    const running = this.#pulls.get(key);
    if (running?.last != null) onProgress(running.last);
    const shared = running ?? this.#begin(key, begin, onProgress);
    shared.listeners.add(onProgress);
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(cancellation(signal));
    signal.addEventListener("abort", leave, { once: true });
    try {
      await Promise.race([shared.done, gone.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      shared.listeners.delete(onProgress);
      if (shared.listeners.size === 0) this.#end(key, shared);
    }
  }

  /** Ends all. */
  async close(): Promise<void> {
    const pulls = [...this.#pulls.values()];
    for (const [key, shared] of this.#pulls) this.#end(key, shared);
    await Promise.allSettled(pulls.map(({ done }) => done));
  }

  /** @param first is told of what happens at once, too */
  #begin(key: string, begin: (onProgress: OnLibraryProgress, signal: AbortSignal) => Promise<void>, first: OnLibraryProgress): SharedPull {
    const stop = new AbortController();
    const listeners = new Set([first]);
    let last: LibraryProgress | null = null;
    const tell = (progress: LibraryProgress): void => {
      last = progress;
      for (const listener of listeners) listener(progress);
    };
    const done = begin(tell, stop.signal);
    const shared: SharedPull = {
      done,
      listeners,
      stop,
      get last() {
        return last;
      },
    };
    shared.done.catch(() => undefined);
    this.#pulls.set(key, shared);
    return shared;
  }

  #end(key: string, shared: SharedPull): void {
    if (this.#pulls.get(key) === shared) this.#pulls.delete(key);
    shared.stop.abort(new AppError("cancelled", "Nobody waits for the download any more."));
  }
}
