/** Hidden layers and logits: whether there are any, and what becomes of them where the KV cache holds the prompt already. */
import type { ProbeHandle } from "../native/probe-handle.ts";
import type { RecordedRows } from "../native/probe-recorder.ts";
import { GREEDY, longerPrompt, promptOf, type Question } from "./question.ts";

type Mode = "lastHiddenLayer" | "logits";

const PROMPT_TOKENS = 24;
const LONGER_TOKENS = 32;
/** Cosine above which two rows are the same: an NPU need not be exact to the last bit. */
const ALIKE = 0.999;

/** Embeddings come from it. */
export const HIDDEN: Question = vectorQuestion(
  "hidden",
  "lastHiddenLayer",
  "Can the hidden layer be had, and only with an empty KV cache?",
);

/** Rerankers come from them. */
export const LOGITS: Question = vectorQuestion("logits", "logits", "Can logits be had, and only with an empty KV cache?");

function vectorQuestion(id: string, mode: Mode, asks: string): Question {
  return {
    id,
    asks,
    ask(asked) {
      const handle = asked.open({ newTokensMax: 1 });
      const prompt = promptOf(PROMPT_TOKENS, 19);
      const longer = longerPrompt(prompt, LONGER_TOKENS, 23);
      const free = asked.library.abi.callbackFree;
      const rows = (ids: Int32Array) => rowsOf(handle, mode, ids, free);
      const first = rows(prompt);
      asked.tell({ available: first !== null, width: first?.width ?? null });
      if (first === null) return;
      const [again, beyond] = [rows(prompt), rows(longer)];
      asked.tell({ cleared: handle.clear() === 0 && likeness(rows(prompt), first, PROMPT_TOKENS) === "same" });
      handle.clear();
      const reference = rows(longer) ?? first;
      asked.tell({ again: likeness(again, first, PROMPT_TOKENS), beyond: likeness(beyond, reference, LONGER_TOKENS) });
      if (asked.known.facts["run"]?.["code"] !== 0) return;
      // What an answer leaves in the cache is met in the same way.
      handle.run([longer], { sampling: GREEDY, newTokensMax: 1 });
      asked.tell({ afterAnswer: likeness(rows(longer), reference, LONGER_TOKENS) });
    },
    answer: ({ available, width, again, beyond, afterAnswer, cleared }) =>
      available !== true
        ? "No: no rows come."
        : `Yes, ${String(width)} wide. Without emptying the KV cache: ${String(again)} for the same prompt, ${String(beyond)} for a longer one, ${String(afterAnswer ?? "unknown")} after an answer. ` +
          (cleared === true ? "Emptied, the rows are the same." : "Emptied, they are not the same either."),
    server: ({ again, beyond, afterAnswer }) =>
      again === "same" && beyond === "same" && afterAnswer === "same"
        ? "Need not empty the cache for these."
        : "Empties the KV cache first; zeros are refused as no vector.",
  };
}

function rowsOf(handle: ProbeHandle, mode: Mode, ids: Int32Array, freeRows: boolean): RecordedRows | null {
  return handle.run([ids], { mode, newTokensMax: 1, freeRows }).rows;
}

function likeness(rows: RecordedRows | null, reference: RecordedRows, count: number): string {
  if (rows === null) return "no rows";
  if (rows.zeroRows > 0) return "zeros";
  if (rows.count !== count) return "fewer rows";
  return rows.oddFloats === 0 && cosine(rows.last, reference.last) > ALIKE ? "same" : "other rows";
}

function cosine(left: Float32Array, right: Float32Array): number {
  let [dot, leftSquares, rightSquares] = [0, 0, 0];
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0;
    dot += value * other;
    leftSquares += value * value;
    rightSquares += other * other;
  }
  return dot / Math.sqrt(leftSquares * rightSquares);
}
