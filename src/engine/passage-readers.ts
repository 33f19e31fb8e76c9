/** What reads a run: its text, its JSON where that is demanded, and whether it only repeats itself. */
import { createJsonReader, type JsonReader } from "../chat/json/json-reader.ts";
import { createOutputStream, type OutputStream } from "../chat/output-stream.ts";
import { RepetitionGuard } from "../chat/repetition-guard.ts";
import type { AnswerOpening, PreparedPrompt } from "../core/runtime.ts";
import type { Demand } from "./demand.ts";

/** What the text of a run is read by. */
export interface ReadingTerms {
  readonly prompt: PreparedPrompt;
  /** What kind of opening was asked for, if any. */
  readonly opening: AnswerOpening["kind"] | null;
  readonly stop: readonly string[];
  readonly demand: Demand;
  /** An answer that only repeats itself is ended as by the token limit. */
  readonly endsRepetition: boolean;
}

/** What understands the text of a run. */
export interface Readers {
  readonly output: OutputStream;
  readonly json: JsonReader | null;
  readonly guard: RepetitionGuard | null;
}

/** Makes them for one run. */
export function createReaders({ prompt: { format, opening: begun }, opening, stop, demand, endsRepetition }: ReadingTerms): Readers {
  const json = demand.json === null ? null : createJsonReader(demand.json);
  if (opening === "text") json?.push(begun);
  const output = createOutputStream({ stop, format, tools: demand.tools, opening: opening === "tool_call" ? begun : "" });
  return { output, json, guard: endsRepetition ? new RepetitionGuard() : null };
}
