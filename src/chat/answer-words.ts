/** Words up to a marker that ends them. */
import type { FoundMarker, MarkerFinder } from "./marker-finder.ts";

/** What may still become a marker waits. */
export interface Words {
  /** Reads from a position up to the first marker, or to the end. */
  read(text: string, at: number): FoundMarker | null;
  /** What is held back will not come out. */
  forget(): void;
  end(): void;
}

/** @param say Takes what can no longer become one. */
export function createWords(finder: MarkerFinder, say: (text: string) => void): Words {
  let held = "";
  return {
    read(text, at) {
      const found = finder.find(text, at);
      // Mostly there is nothing to hold back, and nothing to cut.
      if (found === null && held === "" && finder.pending === 0) {
        say(at === 0 ? text : text.slice(at));
        return null;
      }
      const whole = held + text.slice(at, found?.end);
      // Shorter than what is pending when the beginning of that was forgotten.
      const free = Math.max(0, whole.length - (found?.length ?? finder.pending));
      held = found === null ? whole.slice(free) : "";
      say(whole.slice(0, free));
      return found;
    },
    forget() {
      held = "";
    },
    end() {
      say(held);
      held = "";
    },
  };
}
