/** One run of the model, read while it goes on: thoughts, text, calls and JSON are told apart, and judged by what was demanded. */
import type { JsonProgress } from "../chat/json/json-reader.ts";
import type { OutputDelta, OutputEvent } from "../chat/output-stream.ts";
import { type AppError, assert, cancellation } from "../core/errors.ts";
import type { GenerationEvent } from "../core/generation.ts";
import type { WorkObserver } from "../core/observation.ts";
import type { BatchMember, RunStats, TokenEvent, TokenReader } from "../core/runtime.ts";
import { newCallId } from "./call-id.ts";
import { loneThought } from "./lone-thought.ts";
import { createReaders, type Readers, type ReadingTerms } from "./passage-readers.ts";

/** A run and how it is to be read. */
export interface PassageOptions extends ReadingTerms {
  /** Starts the run; see RuntimeSlot.run. */
  readonly start: (member: BatchMember, progress: PassageProgress) => void;
  /** Gets what the client is to get. What it throws ends the run. */
  readonly deliver: (events: readonly GenerationEvent[]) => void;
  /** At least 1. */
  readonly tokensMax: number;
  /** The runtime cannot be asked for nothing: a silent run is one token that nobody sees. */
  readonly silent: boolean;
  /** A call that does not fit its function is let through: there will be no other try. */
  readonly lastTry: boolean;
  /** The client has read the thoughts of an earlier try: an empty line keeps these apart. */
  readonly thinksAgain: boolean;
  /** Told of each token. */
  readonly work: WorkObserver;
  readonly signal: AbortSignal;
}

/** How far a run has come. */
export interface PassageProgress {
  /** The client has got some text: there will be no other try. */
  readonly spoke: boolean;
  /** All that the model wrote is this thought, as it wrote it, without what ends it; null where it wrote something else, or goes on writing. */
  readonly thoughtAlone: string | null;
}

/** What became of a run. */
export interface Passage extends PassageProgress {
  readonly reason: "stop" | "length";
  /** It had come to do nothing but repeat itself. */
  readonly repeated: boolean;
  readonly stopSequence: string | null;
  readonly stats: RunStats;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly calls: number;
  /** What keeps the answer from being what was demanded; null where it is. */
  readonly fault: string | null;
  /** What the model wrote, thoughts left out, where it may have to be shown to it again; "" where nothing was demanded. */
  readonly said: string;
  /** Text that the client has not got: it was held back until there would be a call, or was to be one. */
  readonly unsent: string;
  /** The client has got some thoughts. */
  readonly thought: boolean;
  /** A call that does not fit its function, kept back for a better one; none where there is nothing to show for it. */
  readonly refused: readonly GenerationEvent[];
}

/** Reads one run, which the constructor starts: what has come, and whether more is wanted. */
export class PassageReading implements TokenReader, PassageProgress {
  /** Some text is the client's, or is in `ready` for it. */
  spoke = false;
  private thought = false;
  private readonly enough = new AbortController();
  private readonly over = Promise.withResolvers<void>();
  private ending: Extract<TokenEvent, { kind: "end" }> | null = null;
  private ready: GenerationEvent[] = [];
  /** Nothing more is of interest. */
  private done = false;
  /** It cannot be read any more. */
  private broken = false;
  /** It is of no interest either: the same comes again and again. */
  private repeated = false;
  private readonly options: PassageOptions;
  private made: Readers | null = null;
  private readonly keepsWords: boolean;
  private completionTokens = 0;
  private reasoningTokens = 0;
  private calls = 0;
  private cutCall = false;
  private fault: string | null = null;
  private said = "";
  private unsent = "";
  /** Everything up to the first text. */
  private unspoken = "";
  private refused: readonly GenerationEvent[] = [];
  private stopSequence: string | null = null;

  constructor(options: PassageOptions) {
    const { prompt, opening, demand } = options;
    this.options = options;
    this.keepsWords = demand.json !== null || demand.tools.length > 0;
    if (demand.json !== null && opening === "text") this.said = prompt.opening;
    const signal = AbortSignal.any([options.signal, this.enough.signal]);
    options.start({ promptId: prompt.promptId, tokensMax: options.tokensMax, signal, reader: this }, this);
    setImmediate(() => this.prepare());
  }

  /** The run does not wait for its readers: they are made while the model reads the prompt. */
  private prepare(): void {
    try {
      this.readers();
    } catch {
      // Said where they are used.
    }
  }

  private readers(): Readers {
    return (this.made ??= createReaders(this.options));
  }

  get thoughtAlone(): string | null {
    const { spoke, calls, said, unsent, repeated, stopSequence, refused } = this;
    const more = spoke || calls > 0 || said !== "" || unsent !== "" || repeated || stopSequence !== null || refused.length > 0;
    return more || this.ending?.reason !== "stop" ? null : loneThought(this.unspoken, this.options.prompt.format);
  }

  /** What became of the run, when it is over and all of it has been delivered. Throws AppError cancelled, runtime_error, engine_lost, and what `deliver` throws. */
  async passage(): Promise<Passage> {
    await this.over.promise;
    const { signal, silent } = this.options;
    const { ending } = this;
    if (signal.aborted) throw cancellation(signal);
    assert(ending !== null, "a run ends with an end");
    const cut = silent || ((ending.reason === "length" || this.repeated) && !this.done);
    if (!silent) this.readEnd(cut);
    this.deliver();
    return this.summary(cut ? "length" : "stop", ending.stats);
  }

  take(event: TokenEvent): void {
    if (event.kind === "end") {
      this.ending = event;
      return this.over.resolve();
    }
    if (this.broken) return;
    try {
      this.options.work.tokens(event.tokens);
      this.read(event.text, event.tokens);
      this.deliver();
    } catch (thrown) {
      this.broken = true;
      this.enough.abort();
      this.over.reject(thrown);
    }
  }

  fail(error: AppError): void {
    this.over.reject(error);
  }

  /** As a list: whatever a token passes through one by one costs. */
  private deliver(): void {
    const { ready } = this;
    if (ready.length === 0) return;
    this.ready = [];
    this.options.deliver(ready);
  }

  private read(text: string, tokens: number): void {
    if (this.done || this.repeated || this.options.silent) return;
    const { output, guard } = this.readers();
    this.completionTokens += tokens;
    if (output.thinking) this.reasoningTokens += tokens;
    if (!this.spoke) this.unspoken += text;
    this.repeated = guard?.push(text) === true;
    this.readDelta(output.push(text), false);
    if (this.stopSequence !== null && !this.done) {
      this.conclude(false);
      this.done = true;
    }
    if (this.done || this.repeated) this.enough.abort();
  }

  /** @param cut whether the token limit ended the run */
  private readEnd(cut: boolean): void {
    if (this.done) return;
    this.readDelta(this.readers().output.end(), cut);
    if (!this.done) this.conclude(cut && this.stopSequence === null);
  }

  private summary(reason: "stop" | "length", stats: RunStats): Passage {
    const { repeated, stopSequence, completionTokens, reasoningTokens, calls, fault, said, unsent, spoke, thought, refused } = this;
    const { thoughtAlone } = this;
    // With a whole call in hand, an answer is cut short only where another call was. What ends with the limit's last token is whole, too.
    const complete = stopSequence !== null || (this.done && fault === null) || (calls > 0 && !this.cutCall);
    return {
      reason: complete ? "stop" : reason,
      repeated,
      stopSequence,
      stats,
      completionTokens,
      reasoningTokens,
      calls,
      fault,
      said,
      unsent,
      spoke,
      thought,
      thoughtAlone,
      refused,
    };
  }

  private readDelta(delta: OutputDelta, cut: boolean): void {
    for (const event of delta.events) {
      if (this.done) return;
      this.readEvent(event, cut);
    }
    this.stopSequence ??= delta.stopSequence;
  }

  /** The text has ended: was it all that was demanded? */
  private conclude(cut: boolean): void {
    if (this.calls > 0) return;
    if (this.options.demand.json !== null) this.endJson(cut);
    else if (cut) this.release();
    else if (this.options.demand.mustCall) this.refuse("there is no call");
  }

  private readEvent(event: OutputEvent, cut: boolean): void {
    switch (event.kind) {
      case "reasoning":
        this.ready.push(this.options.thinksAgain && !this.thought ? { ...event, text: `\n\n${event.text}` } : event);
        this.thought = true;
        return;
      case "text": {
        const { json } = this.readers();
        if (this.keepsWords) this.said += event.text;
        if (json !== null) this.judge(json.push(event.text));
        else if (this.options.demand.mustCall) this.unsent += event.text;
        else {
          this.spoke = true;
          this.ready.push(event);
        }
        return;
      }
      case "tool_call":
        this.readCall(event.name, event.arguments);
        return;
      case "malformed_call":
        // The token limit came in the middle of it: the beginning of a call is of no use to anybody.
        if (cut) {
          this.cutCall = true;
          return;
        }
        this.said += event.text;
        this.unsent += event.text;
        this.refuse(event.fault);
    }
  }

  private readCall(name: string, argumentsText: string): void {
    const { demand, lastTry } = this.options;
    const isOther = demand.onlyFunction !== null && name !== demand.onlyFunction;
    const fault = isOther ? `the function must be ${demand.onlyFunction}, not ${name}` : demand.callFault(name, argumentsText);
    const index = this.calls;
    const call: readonly GenerationEvent[] = [
      { kind: "tool_call_start", index, id: newCallId(), name },
      { kind: "tool_call_arguments", index, text: argumentsText },
    ];
    if (fault !== null && (isOther || !lastTry) && index === 0) {
      if (!isOther) this.refused = call;
      this.said += `{"name": ${JSON.stringify(name)}, "arguments": ${argumentsText}}`;
      this.refuse(fault);
      return;
    }
    this.release();
    this.calls++;
    this.ready.push(...call);
    this.done = demand.oneCall;
  }

  private judge(progress: JsonProgress): void {
    if (progress.state === "impossible") this.refuse(progress.fault);
    if (progress.state !== "complete") return;
    this.done = true;
    this.ready.push({ kind: "text", text: progress.text });
  }

  private endJson(cut: boolean): void {
    if (cut) this.ready.push({ kind: "text", text: this.said });
    else this.judge(this.readers().json?.end() ?? { state: "open" });
  }

  private release(): void {
    if (this.unsent === "") return;
    this.ready.push({ kind: "text", text: this.unsent });
    this.unsent = "";
  }

  private refuse(fault: string): void {
    this.fault = fault;
    this.done = true;
  }
}
