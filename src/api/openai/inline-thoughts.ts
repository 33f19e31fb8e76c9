/** Thoughts as part of the content, between tags, for clients that ask for `reasoning_format: "none"`. */
import type { GenerationEvent } from "../../core/generation.ts";
import type { CollectedAnswer } from "../collected-answer.ts";

const OPEN = "<think>\n";
const CLOSE = "\n</think>\n\n";

/** A whole answer with its thoughts in front of its text. */
export function withThoughtsInside(answer: CollectedAnswer): CollectedAnswer {
  return answer.reasoning === "" ? answer : { ...answer, reasoning: "", text: `${OPEN}${answer.reasoning}${CLOSE}${answer.text}` };
}

/** The same for the events of one answer, as they come. */
export function createThoughtInliner(): (event: GenerationEvent) => readonly GenerationEvent[] {
  let thinking = false;
  return (event) => {
    if (event.kind === "reasoning") {
      if (event.text === "") return [];
      const text = thinking ? event.text : OPEN + event.text;
      thinking = true;
      return [{ kind: "text", text }];
    }
    if (!thinking) return [event];
    thinking = false;
    return [{ kind: "text", text: CLOSE }, event];
  };
}
