/** What came of a probe, as something that a person can send: it names no folder, and holds no text that anybody wrote. */
import type { RuntimeFindings } from "../../core/runtime-findings.ts";
import type { Answer, Asking } from "./ask-library.ts";
import { findingsOf } from "./findings-of.ts";
import type { Facts, Figures } from "./question.ts";
import { QUESTIONS, questionNamed } from "./questions.ts";

/** What was probed, and where. */
export interface ProbeSubject {
  /** When, ISO 8601. */
  readonly at: string;
  /** Version of this program. */
  readonly program: string;
  readonly library: {
    readonly version: string;
    /** Its file's name and SHA-256; the CPU runtime that comes with the program has neither. */
    readonly file: string | null;
    readonly sha256: string | null;
  };
  readonly model: { readonly file: string; readonly bytes: number };
  readonly machine: { readonly processor: string; readonly kernel: string; readonly soc: string | null };
}

/** One question with its answer. */
export interface ReportRow {
  readonly question: string;
  readonly asks: string;
  readonly ending: Answer["ending"];
  /** A sentence, whatever the ending. */
  readonly answer: string;
  /** What the server does with it; what it does where nothing is known, if that is so. */
  readonly server: string;
  readonly facts: Facts;
  readonly figures: Figures;
}

/** Everything. */
export interface ProbeReport extends ProbeSubject {
  readonly rows: readonly ReportRow[];
  /** What the server goes by from now on. */
  readonly findings: RuntimeFindings;
  /** What the library printed when the model was first opened. */
  readonly said: readonly string[];
}

/** Puts the report together, in the order of the questions. */
export function probeReport(subject: ProbeSubject, { answers, said }: Asking): ProbeReport {
  const order = QUESTIONS.map(({ id }) => id);
  const sorted = answers.toSorted((left, right) => order.indexOf(left.question) - order.indexOf(right.question));
  return { ...subject, rows: sorted.map(rowOf), findings: findingsOf(answers), said: said.map(withoutFolders) };
}

function rowOf(answer: Answer): ReportRow {
  const { asks, answer: tell, server } = questionNamed(answer.question);
  const { question, ending, facts, figures } = answer;
  const told = Object.keys(facts).length > 0 ? ` ${tell(facts, figures)}` : "";
  const how = withoutFolders(answer.how);
  const sentence = {
    answered: () => tell(facts, figures),
    refused: () => `Refused: ${how}.`,
    crashed: () => `The process ended (${how}).${told}`,
    hung: () => `It hung: the process was ended.${told}`,
    "not asked": () => `Not asked: ${how}.`,
  }[ending]();
  return { question, asks, ending, answer: sentence, server: server(ending === "answered" ? facts : {}), facts, figures };
}

/** Paths are whose they are: of each only the last name is left. */
function withoutFolders(text: string): string {
  return text.replaceAll(/(?<![\w.])\/(?:[^\n/'"|]+\/)+/g, "");
}
