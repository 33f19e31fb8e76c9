/**
 * From an admitted request to its events: waits for the turn, runs, tries again where the answer is not what was demanded, and gives
 * everything back.
 */
import { AppError, assert, cancellation } from "../core/errors.ts";
import type { FinishReason, GenerationEvent, GenerationRequest } from "../core/generation.ts";
import type { WorkObserver } from "../core/observation.ts";
import type { AnswerOpening, PreparedPrompt, PromptRequest, RuntimeSlot } from "../core/runtime.ts";
import type { Turn } from "../scheduler/turn-queue.ts";
import type { Demand } from "./demand.ts";
import type { AnswerReader, Generation } from "./engine.ts";
import { type Passage, PassageReading } from "./passage.ts";
import { promptRequest } from "./prompt-request.ts";

/** An admitted request. Times are performance.now() readings, ms. */
export interface Admitted {
  readonly request: GenerationRequest;
  readonly demand: Demand;
  /** How often an answer that is not what was demanded is asked for again. */
  readonly retriesMax: number;
  /** See PassageOptions. */
  readonly endsRepetition: boolean;
  readonly slot: RuntimeSlot;
  readonly turn: Turn;
  readonly prompt: PreparedPrompt;
  /** What kind of beginning its answer was given, if any. */
  readonly opening: AnswerOpening["kind"] | null;
  /** Tokens that an answer to a prompt of so many tokens may have where so many were spent before. Throws AppError context_length_exceeded. */
  readonly tokensMaxOf: (promptTokens: number, spentTokens: number) => number;
  /** See PromptRequest. */
  readonly continuedTokensMax: number;
  readonly signal: AbortSignal;
  readonly arrivedMs: number;
  readonly loadedMs: number;
  readonly work: WorkObserver;
  /** Ends the hold on the model. */
  readonly release: () => void;
}

/**
 * Makes the request's answer, from now on, whether or not somebody reads it already: its run is to begin as soon as the slot is its own. What was
 * taken for it (its turn, its prompt, its hold on the model) is given back when it is over, or when its signal fires.
 * @returns Generation.read
 */
export function answer(admitted: Admitted): Generation["read"] {
  const outlet = new Outlet();
  const over = run(admitted, (events) => outlet.put(events));
  // Who reads it is told; a client may go before anybody has asked.
  over.catch(() => {});
  return async (reader) => {
    outlet.open(reader);
    return over;
  };
}

/** Keeps what comes until there is a reader. */
class Outlet {
  private reader: AnswerReader | null = null;
  private waiting: GenerationEvent[] = [];
  /** What the reader threw when it got what had come before it: the run ends by that as soon as it brings more. */
  private fault: AppError | null = null;

  open(reader: AnswerReader): void {
    assert(this.reader === null, "an answer is read once");
    this.reader = reader;
    const { waiting } = this;
    this.waiting = [];
    try {
      if (waiting.length > 0) reader(waiting);
    } catch (thrown) {
      this.fault = AppError.from(thrown);
      throw thrown;
    }
  }

  put(events: readonly GenerationEvent[]): void {
    if (this.fault !== null) throw this.fault;
    if (events.length === 0) return;
    if (this.reader === null) this.waiting.push(...events);
    else this.reader(events);
  }
}

async function run(admitted: Admitted, deliver: AnswerReader): Promise<void> {
  const { request, slot, turn, demand, work, signal } = admitted;
  let prompt: PreparedPrompt | null = admitted.prompt;
  try {
    await turn.granted;
    if (signal.aborted) throw cancellation(signal);
    work.granted();
    const grantedMs = performance.now();
    const passages: Passage[] = [];
    // A call is asked for once more: the client can tell the model what is wrong with it, too.
    let retriesLeft = demand.json === null ? Math.min(admitted.retriesMax, 1) : admitted.retriesMax;
    // There is no turn in a plain text in which a fault could be shown.
    if (request.input.kind !== "chat" || !canFail(demand)) retriesLeft = 0;
    // Rockchip's library 1.3.0 was reported to end the run where a thought ends.
    let goesOn = request.input.kind === "chat" && admitted.opening === null;
    while (prompt !== null) {
      const lastTry = retriesLeft === 0;
      const passage: Passage = await readRun(admitted, prompt, { before: passages, lastTry, goesOn, deliver }).passage();
      passages.push(passage);
      if (goesOn && passage.thoughtAlone !== null) {
        goesOn = false;
        prompt = await promptForAnotherRun(admitted, passages, behindThought(request, passage.thoughtAlone));
        if (prompt !== null) continue;
      }
      if (passage.fault === null) break;
      // What the client has read cannot be taken back, and another try would say it again.
      const again: boolean = retriesLeft-- > 0 && passage.calls === 0 && !passage.spoke;
      prompt = again
        ? await promptForAnotherRun(admitted, passages, promptRequest(request, { said: passage.said, fault: passage.fault }))
        : null;
      if (prompt === null) deliver(settleFor(passage, passage.fault, demand));
    }
    const finished = finish(admitted, passages, grantedMs);
    work.finished(finished);
    deliver([finished]);
  } catch (thrown) {
    work.failed(AppError.from(thrown));
    // One that was not run; harmless for one that was.
    if (prompt !== null) slot.discard(prompt.promptId);
    throw thrown;
  } finally {
    turn.release();
    admitted.release();
  }
}

function readRun(
  admitted: Admitted,
  prompt: PreparedPrompt,
  {
    before,
    lastTry,
    goesOn,
    deliver,
  }: { readonly before: readonly Passage[]; readonly lastTry: boolean; readonly goesOn: boolean; readonly deliver: AnswerReader },
): PassageReading {
  const { request, turn, demand, work, signal } = admitted;
  const tokensMax = admitted.tokensMaxOf(prompt.promptTokens, completionTokensOf(before));
  return new PassageReading({
    start: (member, progress) => turn.run(member, () => progress.spoke || (lastTry && !(goesOn && progress.thoughtAlone !== null))),
    deliver,
    prompt,
    opening: admitted.opening,
    tokensMax: Math.max(1, tokensMax),
    silent: tokensMax === 0,
    stop: request.stop,
    demand,
    endsRepetition: admitted.endsRepetition,
    lastTry,
    thinksAgain: before.some(({ thought }) => thought),
    work,
    signal,
  });
}

type FinishEvent = Extract<GenerationEvent, { kind: "finish" }>;

/** Whether an answer can be anything but what was demanded. */
function canFail({ json, tools, mustCall }: Demand): boolean {
  return json !== null || mustCall || tools.length > 0;
}

/** All tries count towards the limit that the client set for its answer. */
function completionTokensOf(passages: readonly Passage[]): number {
  return passages.reduce((sum, { completionTokens }) => sum + completionTokens, 0);
}

function behindThought(request: GenerationRequest, text: string): PromptRequest {
  return { ...promptRequest(request), opening: { kind: "thought", text } };
}

/** null where the conversation or the answer's limit has no room for another run, or the template none for such turns. */
async function promptForAnotherRun(
  { slot, tokensMaxOf, continuedTokensMax, prompt: first }: Admitted,
  before: readonly Passage[],
  request: PromptRequest,
): Promise<PreparedPrompt | null> {
  const spent = completionTokensOf(before);
  if (tokensMaxOf(first.promptTokens, spent) === 0) return null;
  let prompt: PreparedPrompt | null = null;
  try {
    prompt = await slot.prepare({ ...request, continuedTokensMax });
    tokensMaxOf(prompt.promptTokens, spent);
    return prompt;
  } catch (thrown) {
    if (prompt !== null) slot.discard(prompt.promptId);
    const { code } = AppError.from(thrown);
    if (code === "context_length_exceeded" || code === "invalid_request") return null;
    throw thrown;
  }
}

/** After the last try: what was demanded has to come, or the request has failed. A call that need not have come is shown as it was written. */
function settleFor(passage: Passage, fault: string, demand: Demand): readonly GenerationEvent[] {
  const { calls, refused, unsent } = passage;
  if (calls > 0 || refused.length > 0 || (demand.json === null && !demand.mustCall)) {
    // There was no room for a better one: the client can say what is wrong with it.
    return unsent === "" ? refused : [{ kind: "text", text: unsent }, ...refused];
  }
  const wanted = demand.json === null ? "the call it must be" : "the JSON it must be";
  throw new AppError("output_invalid", `The model's answer is not ${wanted}: ${fault}. Ask more simply, or use a larger model.`, {
    details: { partialText: passage.said },
  });
}

function finish(admitted: Admitted, passages: readonly Passage[], grantedMs: number): FinishEvent {
  const first = passages[0];
  const last = passages.at(-1);
  assert(first !== undefined && last !== undefined, "an answer has been tried for at least once");
  const sum = (value: (passage: Passage) => number): number => passages.reduce((total, passage) => total + value(passage), 0);
  const called = last.refused.length > 0 || sum((passage) => passage.calls) > 0;
  const reason: FinishReason = last.reason === "length" ? "length" : called ? "tool_calls" : "stop";
  const { promptTokens, estimated = false } = admitted.prompt;
  const { prefillTokens } = first.stats;
  // What the runtime did not compute came from its KV cache. Without figures (an aborted run may have none) or a count nothing is claimed.
  const computed = prefillTokens > 0 && !estimated ? Math.min(prefillTokens, promptTokens) : promptTokens;
  return {
    kind: "finish",
    reason,
    ...(last.stopSequence === null ? {} : { stopSequence: last.stopSequence }),
    usage: {
      promptTokens,
      cachedTokens: promptTokens - computed,
      completionTokens: completionTokensOf(passages),
      reasoningTokens: sum((passage) => passage.reasoningTokens),
    },
    timings: {
      loadMs: admitted.loadedMs - admitted.arrivedMs,
      queueMs: grantedMs - admitted.loadedMs,
      prefillTokens: sum((passage) => passage.stats.prefillTokens),
      prefillMs: sum((passage) => passage.stats.prefillMs),
      decodeTokens: sum((passage) => passage.stats.decodeTokens),
      decodeMs: sum((passage) => passage.stats.decodeMs),
      memoryMb: last.stats.memoryMb,
      totalMs: performance.now() - admitted.arrivedMs,
      ...(last.repeated ? { repeated: true as const } : {}),
    },
  };
}
