/** Numbers as JSON writes them, character by character. */

/**
 * Where in a number one is: `sign` behind the minus, `exponent` behind the e, `exponentSign` behind its sign; the others are named for
 * their last digit.
 */
export type NumberState = "start" | "sign" | "zero" | "whole" | "point" | "fraction" | "exponent" | "exponentSign" | "power";

const DIGIT: Readonly<Record<NumberState, NumberState | null>> = {
  start: "whole",
  sign: "whole",
  zero: null,
  whole: "whole",
  point: "fraction",
  fraction: "fraction",
  exponent: "power",
  exponentSign: "power",
  power: "power",
};

/** The state behind one more character; null where no number has it there. */
export function nextNumberState(state: NumberState, character: string): NumberState | null {
  if (character === "0" && (state === "start" || state === "sign")) return "zero";
  if (character >= "0" && character <= "9") return DIGIT[state];
  if (character === "-" && state === "start") return "sign";
  if (character === "." && (state === "zero" || state === "whole")) return "point";
  if ((character === "e" || character === "E") && (state === "zero" || state === "whole" || state === "fraction")) return "exponent";
  return (character === "-" || character === "+") && state === "exponent" ? "exponentSign" : null;
}

/** Whether a number may end here. */
export function isFinishedNumber(state: NumberState): boolean {
  return state === "zero" || state === "whole" || state === "fraction" || state === "power";
}
