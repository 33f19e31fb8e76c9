/** What the gateway does with an answer's text on its way out: padding tokens dropped, stop sequences matched, characters kept whole. */
import { PaddingFilter } from "./padding-filter.ts";
import { StopMatcher } from "./stop-matcher.ts";

/** Text that may be sent now. */
export interface OutputDelta {
  readonly text: string;
  /** A stop sequence has come: the text before it is out, and nothing more will be. */
  readonly stopped: boolean;
}

/**
 * One answer's text. Only what can no longer change meaning is let go: an end that may become a stop sequence or a padding token
 * waits, and so does the first half of a surrogate pair. However the text is cut, the joined deltas and the outcome are equal.
 */
export interface OutputStream {
  push(text: string): OutputDelta;
  /** The rest, when the model has ended. */
  end(): OutputDelta;
}

/** @param options.stop Texts that end the answer and are not part of it; the one completed first wins. */
export function createOutputStream(options: { readonly stop: readonly string[] }): OutputStream {
  const padding = new PaddingFilter();
  const matcher = new StopMatcher(options.stop);
  let stopped = false;
  let halfPair = "";

  const release = (text: string, last: boolean): OutputDelta => {
    const whole = halfPair + text;
    const split = !last && !stopped && isHighSurrogate(whole.charCodeAt(whole.length - 1));
    halfPair = split ? whole.slice(-1) : "";
    return { text: split ? whole.slice(0, -1) : whole, stopped };
  };
  const match = (text: string): string => {
    const found = matcher.push(text);
    stopped = found.stopped;
    return found.text;
  };

  return {
    push(text) {
      if (stopped) return { text: "", stopped };
      return release(match(padding.push(text)), false);
    },
    end() {
      if (stopped) return { text: "", stopped };
      const rest = match(padding.end());
      return release(stopped ? rest : rest + matcher.end(), true);
    },
  };
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
