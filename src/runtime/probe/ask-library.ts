/**
 * Asks a library all questions, each in a child process with a time limit: a crash, a hang or a refusal is the answer to one question and
 * leaves the others alone.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAbi } from "../native/abi.ts";
import { PROBE_FILES, type ProbeLine, type ProbeSpec, type ProbeTarget } from "./probe-protocol.ts";
import type { Facts, Figures, Known, Question } from "./question.ts";
import { QUESTIONS } from "./questions.ts";

/** How a question ended. */
export type Ending =
  | "answered"
  /** The library refused what the question needs, or could not be opened. */
  | "refused"
  /** The process ended by itself. */
  | "crashed"
  /** The time limit ended it. */
  | "hung"
  /** Nothing can come of it: the model does not open, or no run ends. */
  | "not asked";

/** The answer to one question. */
export interface Answer {
  readonly question: string;
  readonly ending: Ending;
  /** "signal SIGSEGV", what the library returned; "" where it was answered. */
  readonly how: string;
  readonly facts: Facts;
  readonly figures: Figures;
}

/** How the questions are asked. */
export interface AskOptions {
  /** Program and arguments of the child, but for its folder. */
  readonly command: readonly string[];
  /** The whole environment of the children. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For each question, the opening of the model included, ms. */
  readonly limitMs: number;
  /** Asks these only; absent: all there are for this interface. */
  readonly questions?: readonly string[];
  /**
   * Questions that share a child, as long as it lives; default 1. More spares time where opening a model twice in one process is
   * known to do no harm.
   */
  readonly questionsPerChild?: number;
  /** Told before each child starts. */
  readonly onQuestion?: (question: Question) => void;
}

/** What came of all questions. */
export interface Asking {
  readonly answers: readonly Answer[];
  /** Lines that the library printed while the model was first opened. */
  readonly said: readonly string[];
}

/** How often a child's answers are looked at, ms. */
const LOOK_EVERY_MS = 20;
const LIBRARY_LINE = /^[IWE] (?:rkllm|RKNN)\b/;
const SAID_LINES_MAX = 40;

/** Asks. Never throws for what the library does; throws what the system says where no child can be started. */
export async function askLibrary(target: ProbeTarget, options: AskOptions): Promise<Asking> {
  const pending = [...questionsFor(target, options)];
  const answers: Answer[] = [];
  const known = { facts: {} as Record<string, Facts>, notes: {} as Record<string, readonly string[]> };
  let said: readonly string[] = [];
  while (pending.length > 0) {
    const batch = pending.splice(0, options.questionsPerChild ?? 1).filter((question) => {
      const reason = reasonNotToAsk(question, answers);
      if (reason !== null) answers.push({ question: question.id, ending: "not asked", how: reason, facts: {}, figures: {} });
      return reason === null;
    });
    const [first] = batch;
    if (first === undefined) continue;
    options.onQuestion?.(first);
    const child = await runChild(target, batch, known, options);
    const reached = answersOf(child);
    for (const { question, facts } of reached) known.facts[question] = facts;
    for (const line of child.lines) if (line.kind === "note") known.notes[line.name] = line.texts;
    answers.push(...reached);
    if (first === QUESTIONS[0]) said = child.output.filter((line) => LIBRARY_LINE.test(line)).slice(0, SAID_LINES_MAX);
    // What it did not come to is asked in another child.
    pending.unshift(...batch.slice(Math.max(1, reached.length)));
  }
  return { answers, said };
}

function questionsFor({ library }: ProbeTarget, { questions }: AskOptions): readonly Question[] {
  const abi = findAbi(library.version);
  const possible = QUESTIONS.filter(
    (question) => question.beside !== true && (question.concerns === undefined || (abi !== undefined && question.concerns(abi))),
  );
  return questions === undefined ? possible : possible.filter(({ id }) => questions.includes(id));
}

function reasonNotToAsk({ id, needsRun }: Question, answers: readonly Answer[]): string | null {
  const endingOf = (question: string): Ending | undefined => answers.find((answer) => answer.question === question)?.ending;
  if (id !== "open" && (endingOf("open") ?? "answered") !== "answered") return "the model does not open";
  return needsRun === true && endingOf("run") === "hung" ? "no run ends" : null;
}

interface Child {
  readonly lines: readonly ProbeLine[];
  readonly output: readonly string[];
  readonly log: "stdout" | "stderr" | "both" | "none";
  /** All that it printed. */
  readonly printedKb: number;
  /** "signal SIGSEGV", "exit code 3"; "the time limit" where that ended it. */
  readonly ended: string;
}

async function runChild(target: ProbeTarget, batch: readonly Question[], known: Known, options: AskOptions): Promise<Child> {
  const folder = mkdtempSync(join(tmpdir(), "rockchip-llama-probe-"));
  try {
    const { command } = options;
    const spec: ProbeSpec = { ...target, questions: batch.map(({ id }) => id), known, command, filesIn: folder, parent: process.pid };
    writeFileSync(join(folder, PROBE_FILES.spec), JSON.stringify(spec));
    const child = Bun.spawn([...command, folder], {
      env: { ...options.environment },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const answers = join(folder, PROBE_FILES.answers);
    const streams = Promise.all([child.stdout.text(), child.stderr.text()]);
    const hung = await waitFor(child, answers, options.limitMs);
    const texts = await streams;
    const [stdout, stderr] = texts.map((text) => text.split(/[\r\n]+/)) as [string[], string[]];
    const [out, err] = [stdout, stderr].map((lines) => lines.some((line) => LIBRARY_LINE.test(line)));
    return {
      lines: linesOf(answers),
      output: [...stdout, ...stderr],
      log: out === true ? (err === true ? "both" : "stdout") : err === true ? "stderr" : "none",
      printedKb: Math.round(texts.join("").length / 1024),
      ended: hung ? "the time limit" : child.signalCode === null ? `exit code ${String(child.exitCode)}` : `signal ${child.signalCode}`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until the child has ended; true where it had to be. Every line that it writes gives it its time anew. */
async function waitFor(child: Bun.Subprocess, answers: string, limitMs: number): Promise<boolean> {
  let size = 0;
  let heardMs = performance.now();
  let hung = false;
  const look = setInterval(() => {
    const now = statSync(answers, { throwIfNoEntry: false })?.size ?? 0;
    if (now !== size) [size, heardMs] = [now, performance.now()];
    if (performance.now() - heardMs <= limitMs) return;
    hung = true;
    child.kill("SIGKILL");
  }, LOOK_EVERY_MS);
  await child.exited;
  clearInterval(look);
  return hung;
}

/** A line that was cut short by the process's end is none. */
function linesOf(path: string): ProbeLine[] {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as ProbeLine);
}

function answersOf({ lines, ended, log, printedKb }: Child): Answer[] {
  const asked = lines.flatMap((line) => (line.kind === "begun" ? [line.question] : []));
  return asked.map((question) => {
    const own = lines.filter((line) => line.kind !== "note" && line.question === question);
    const told = own.flatMap((line) => (line.kind === "told" ? [line] : []));
    const refused = own.find((line) => line.kind === "refused");
    const done = own.some((line) => line.kind === "done");
    const facts: Facts = Object.assign({}, question === "open" ? { log } : {}, ...told.map((line) => line.facts));
    const figures: Figures = Object.assign({}, question === "run" ? { printedKb } : {}, ...told.map((line) => line.figures));
    if (done) return { question, ending: "answered", how: "", facts, figures };
    if (refused !== undefined) return { question, ending: "refused", how: refused.why, facts, figures };
    return { question, ending: ended === "the time limit" ? "hung" : "crashed", how: ended, facts, figures };
  });
}
