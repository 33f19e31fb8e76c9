/**
 * Runs on an open model: which prompt goes to which lane, what comes of it, and what the lanes hold afterwards. It lives on the host's main
 * thread; the Worker behind `ModelHandle` makes the native calls.
 */
import { AppError, assert } from "../core/errors.ts";
import type { Adapter, Pooling } from "../core/model.ts";
import type { HashedSequence, WrittenSequence } from "../core/prompt-cache.ts";
import { HostBatch } from "./host-batch.ts";
import { HostRun, type RunOutcome } from "./host-run.ts";
import type { KvMemory, Sequence } from "./kv-memory.ts";
import { chooseLanes, commonPrefix } from "./lane-choice.ts";
import type { ModelHandle } from "./model-handle.ts";
import { CALL_STATE } from "./native/abi.ts";
import type { RingRecord } from "./native/ring.ts";
import { base64OfNumbers } from "./number-text.ts";
import type { PackedPrompt } from "./packed-prompt.ts";
import { hashedSequence } from "./prefix-hashes.ts";
import type { HostCommand, HostEvent, OpenOptions } from "./protocol.ts";

type RunCommand = Extract<HostCommand, { kind: "run" }>;
type EmbedCommand = Extract<HostCommand, { kind: "embed" }>;

/** What a runner works with. */
export interface LaneRunnerOptions {
  readonly handle: ModelHandle;
  readonly options: Pick<OpenOptions, "lanes" | "idleLane" | "contextTokens" | "hashesPrompts" | "sampling">;
  readonly pooling: Pooling;
  /** See BatchLibrary. */
  readonly abortOnce: boolean;
  /** See RuntimeFindings. */
  readonly readsPromptsWhole: boolean;
  readonly memory: KvMemory;
  /** Text goes down the token line. */
  readonly tells: boolean;
  readonly send: (event: HostEvent) => void;
  /** The prompt of an id, which is used up. */
  readonly takePrompt: (promptId: number) => PackedPrompt;
}

/** One run at a time. */
export class LaneRunner {
  private readonly parts: LaneRunnerOptions;
  private current: HostBatch | null = null;
  private runNumber = 0;
  /** Sequences of the current batch, by lane: what is sampled is noted in them. */
  private sequences: readonly (Sequence | null)[] = [];

  constructor(parts: LaneRunnerOptions) {
    this.parts = parts;
  }

  /** Takes one record out of the ring. */
  accept(record: RingRecord): void {
    if (this.current?.run !== record.run) return;
    if (record.tokenId >= 0 && record.state <= CALL_STATE.waiting) this.sequences[record.member]?.push(record.tokenId);
    this.current.accept(record);
  }

  /** After each drain of the ring. */
  flush(): void {
    this.current?.flush();
  }

  abort(promptId: number): void {
    // What has gone down the token line meanwhile is counted before the run may end.
    this.parts.handle.drain();
    this.current?.abort(promptId);
  }

  abortAll(): void {
    this.current?.abortAll();
  }

  /** Runs prompts together; what comes of them is sent, and at last that the model is idle. */
  async run(command: RunCommand): Promise<void> {
    const { handle, memory, options, readsPromptsWhole } = this.parts;
    const { members, sampling } = command;
    const prompts = members.map(({ promptId }) => this.parts.takePrompt(promptId));
    memory.use(command.adapter);
    const held = memory.lanes();
    const chosen = chooseLanes(prompts.map(idsOf), held);
    const inLanes = held.map(({ held: ids }, lane) => {
      const index = chosen.indexOf(lane);
      const prompt = prompts[index];
      const member = members[index];
      return prompt === undefined || member === undefined
        ? null
        : { prompt, member, common: readsPromptsWhole ? 0 : commonPrefix(idsOf(prompt) ?? NO_IDS, ids) };
    });
    const tokensMax = Math.max(...members.map((member) => member.tokensMax));
    const lanes = inLanes.map((lane) => lane?.prompt ?? null);
    const listeners = this.parts.tells ? inLanes.map((lane) => lane?.member ?? null) : [];
    const number = this.nextRun();
    // The Worker wakes up while the rest is noted.
    const returned = handle.run({ run: number, lanes, tokensMax, sampling, listeners, ...adapterOf(command) });
    const runs = inLanes.map(
      (lane) =>
        lane &&
        new HostRun({
          promptId: lane.member.promptId,
          wants: "text",
          tokensMax: lane.member.tokensMax,
          newPromptTokens: (idsOf(lane.prompt)?.length ?? 0) - lane.common,
          told: this.parts.tells,
          // The library knows one limit for the whole batch: that of the member that may say most.
          limitKeptByRuntime: handle.keepsRunLimit && lane.member.tokensMax === tokensMax,
        }),
    );
    const sequences = inLanes.map((lane, index) => {
      const ids = lane === null ? null : idsOf(lane.prompt);
      return ids === null ? null : memory.begin(index, ids);
    });
    this.sequences = sequences;
    // What an idle lane is given takes the place of what it held.
    if (options.idleLane === "token") inLanes.forEach((lane, index) => lane === null && memory.forget(index));
    const outcomes = await this.follow(number, runs, returned);
    // How far a prefill had come that was given up, or failed, nobody knows. Whoever takes the lane next is not to pay for the rest of it.
    runs.forEach((run, lane) => {
      if (run !== null && sequences[lane]?.hasGrown !== true && !cameToItsEnd(outcomes.get(run))) memory.forget(lane);
    });
    this.parts.send({ kind: "idle", held: this.held() });
  }

  /** Alone, in the first lane: the KV cache is emptied for it. */
  async embed(command: EmbedCommand): Promise<void> {
    const { handle, memory, pooling } = this.parts;
    const prompt = this.parts.takePrompt(command.promptId);
    const run = new HostRun({
      promptId: command.promptId,
      wants: "vector",
      tokensMax: 1,
      newPromptTokens: idsOf(prompt)?.length ?? 0,
      // Without an answer to make, the library stops by itself.
      limitKeptByRuntime: handle.keepsRunLimit || command.logitsOf === undefined,
    });
    memory.forget();
    const from = command.logitsOf === undefined ? pooling : { logitsOf: command.logitsOf };
    const number = this.nextRun();
    const returned = handle.embed({ run: number, lanes: [prompt, ...this.otherLanes()], ...adapterOf(command) }, from);
    await this.follow(number, [run, ...this.otherLanes()], returned);
    this.parts.send({ kind: "idle", held: null });
  }

  /**
   * Writes what the first lane holds. The library writes only while it runs: so it is run on what it holds already, for a token
   * that nobody reads.
   */
  async savePrompt(path: string): Promise<void> {
    const { handle, memory, options } = this.parts;
    const held = memory.firstLane();
    // A run needs room for a token, and for what the library keeps for itself.
    const ids = held?.sequence.view().slice(0, options.contextTokens - SAVE_ROOM_TOKENS) ?? NO_IDS;
    let saved: WrittenSequence | null = null;
    if (held !== null && options.lanes === 1 && ids.length > 0) {
      const run = new HostRun({
        promptId: 0,
        wants: "text",
        tokensMax: 1,
        newPromptTokens: 1,
        limitKeptByRuntime: handle.keepsRunLimit,
      });
      const { adapter } = held;
      const lanes = [handle.pack({ kind: "tokens", ids })];
      const number = this.nextRun();
      const call = { lanes, tokensMax: 1, sampling: options.sampling, savePath: path, ...adapterOf({ adapter }) };
      const outcomes = await this.follow(number, [run], handle.run({ run: number, ...call }), true);
      if (cameToItsEnd(outcomes.get(run))) saved = { ...hashedSequence(ids), ids: base64OfNumbers(ids) };
    }
    this.parts.send({ kind: "prompt_saved", saved });
  }

  /** Makes the first lane hold what a file does. What that is, in tokens, the library does not tell. */
  async loadPrompt(path: string, adapter: Adapter | undefined): Promise<void> {
    this.parts.memory.forget();
    const loaded = await this.parts.handle.loadPrompt(path, adapter).catch(() => false);
    this.parts.send({ kind: "prompt_loaded", loaded });
  }

  private nextRun(): number {
    assert(this.current === null, "a run comes to an idle model");
    return ++this.runNumber;
  }

  /**
   * Sees a run that was just asked for to its end.
   * @param returned the library's code
   * @param unheard nothing of it is sent
   */
  private async follow(number: number, lanes: readonly (HostRun | null)[], returned: Promise<number>, unheard = false): Promise<Outcomes> {
    const { handle, options, abortOnce } = this.parts;
    const outcomes = new Map<HostRun, RunOutcome>();
    const batch = new HostBatch(
      number,
      lanes,
      {
        onText: (run) => (unheard ? run.takeText() : this.sendText(run)),
        onEnd: (run, outcome) => {
          outcomes.set(run, outcome);
          if (this.parts.tells) handle.hush(lanes.indexOf(run));
          if (!unheard) this.sendEnd(run, outcome);
        },
      },
      { abort: () => handle.abort(), abortOnce, idleLanesWork: options.idleLane === "token" },
    );
    this.current = batch;
    await returned.then(
      (code) => batch.returned(code),
      (thrown: unknown) => batch.failed(AppError.from(thrown)),
    );
    this.current = null;
    this.sequences = [];
    return outcomes;
  }

  private held(): HashedSequence | null {
    const { memory, options } = this.parts;
    const held = options.hashesPrompts ? memory.firstLane() : null;
    return held === null ? null : hashedSequence(held.sequence.view());
  }

  private otherLanes(): null[] {
    return Array.from({ length: this.parts.options.lanes - 1 }, () => null);
  }

  private sendText(run: HostRun): void {
    const batch = run.takeText();
    if (batch !== null) this.parts.send({ kind: "text", promptId: run.promptId, text: batch.text, tokens: batch.tokens });
  }

  private sendEnd({ promptId, vector, toldTokens: told }: HostRun, outcome: RunOutcome): void {
    const { send } = this.parts;
    if (outcome.kind === "ended" && vector !== null) send({ kind: "vector", promptId, vector: base64OfNumbers(vector) });
    if (outcome.kind === "failed") send({ kind: "run_failed", promptId, error: outcome.error, told });
    else send({ kind: "ended", promptId, reason: outcome.reason, stats: outcome.stats, told });
  }
}

/** How each run ended. */
type Outcomes = ReadonlyMap<HostRun, RunOutcome>;

const NO_IDS = new Int32Array(0);
const SAVE_ROOM_TOKENS = 8;

function idsOf({ payload }: PackedPrompt): Int32Array | null {
  return payload.kind === "tokens" ? payload.ids : null;
}

function cameToItsEnd(outcome: RunOutcome | undefined): boolean {
  return outcome?.kind === "ended" && outcome.reason !== "aborted";
}

function adapterOf({ adapter }: { readonly adapter?: Adapter | undefined }): { readonly adapter?: Adapter } {
  return adapter === undefined ? {} : { adapter };
}
