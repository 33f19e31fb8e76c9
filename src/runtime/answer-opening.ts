/** What an answer is made to begin with, or stands before it: text behind the rendered prompt, from which the model goes on. */
import { callOpening } from "../chat/tool-syntax/call-opening.ts";
import type { AnswerOpening, OutputFormat } from "../core/runtime.ts";

/** Text behind a prompt. */
interface Piece {
  readonly text: string;
  /** Control text in it is meant. */
  readonly ours: boolean;
}

/** What stands between a rendered prompt and what the model is to write. */
export interface BehindPrompt {
  readonly pieces: readonly Piece[];
  /** How the answer is to be read behind them. */
  readonly format: OutputFormat;
  /** See PreparedPrompt. */
  readonly opening: string;
}

/** @param format that of the rendered prompt */
export function behindPrompt(wanted: AnswerOpening | undefined, format: OutputFormat): BehindPrompt {
  if (wanted?.kind === "thought") return { pieces: thoughtPieces(wanted.text, format), format: closed(format), opening: "" };
  const opening = openingText(wanted, format);
  const closing = opening === "" ? "" : thoughtEnd(format);
  const pieces = [
    { text: closing, ours: true },
    { text: opening, ours: wanted?.kind !== "text" },
  ];
  return { pieces, format: closing === "" ? format : closed(format), opening };
}

/** As the model wrote it, so that the KV cache holds it: its own markers are in it. */
function thoughtPieces(thought: string, { reasoning }: OutputFormat): readonly Piece[] {
  if (reasoning === null) return [];
  const { open, close } = reasoning;
  const markers = new RegExp(`(${RegExp.escape(open)}|${RegExp.escape(close)})`);
  // What matched stands between what did not.
  const written = thought.split(markers).map((text, index) => ({ text, ours: index % 2 === 1 }));
  return [...written, { text: `${close}\n\n`, ours: true }];
}

/** "" for a thought, which is no part of the answer. */
export function openingText(opening: AnswerOpening | undefined, format: OutputFormat): string {
  if (opening === undefined || opening.kind === "thought") return "";
  return opening.kind === "text" ? opening.text : callOpening(format.toolSyntax, opening.name);
}

/** What ends the thought that a prompt has begun: an answer's beginning stands behind it. */
function thoughtEnd({ reasoning }: OutputFormat): string {
  return reasoning?.begun === true ? `\n${reasoning.close}\n\n` : "";
}

function closed(format: OutputFormat): OutputFormat {
  return format.reasoning === null ? format : { ...format, reasoning: { ...format.reasoning, begun: false } };
}
