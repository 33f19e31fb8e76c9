import { expect, test } from "bun:test";
import type { Adapter } from "../../../src/core/model.ts";
import { KvMemory } from "../../../src/runtime/kv-memory.ts";
import { LaneRunner } from "../../../src/runtime/lane-runner.ts";
import type { HandleRun, ModelHandle } from "../../../src/runtime/model-handle.ts";
import { CALL_STATE } from "../../../src/runtime/native/abi.ts";
import type { PromptPayload } from "../../../src/runtime/packed-prompt.ts";
import type { HostEvent, OpenOptions } from "../../../src/runtime/protocol.ts";

const NOTHING = {
  text: new Uint8Array(0),
  vector: new Float32Array(0),
  prefillMs: 0,
  prefillTokens: 0,
  decodeMs: 0,
  decodeTokens: 0,
  memoryMb: 0,
};
const END = -1;
const TEXT = new TextEncoder().encode("x");
const PIRATE: Adapter = { name: "pirate", path: "/pirate.gguf", scale: 1, edition: "1" };

/** A runner over a library that a test plays: it says what comes of each lane and when rkllm_run returns. */
function stage({ readsPromptsWhole = false, ...options }: Partial<OpenOptions> & { readonly readsPromptsWhole?: boolean } = {}) {
  const { lanes = 2 } = options;
  const events: HostEvent[] = [];
  const calls: { readonly run: HandleRun; readonly returns: (code: number) => void; readonly fails: (error: Error) => void }[] = [];
  const prompts = new Map<number, Int32Array>();
  let aborts = 0;
  const handle = {
    keepsRunLimit: true,
    abort: () => aborts++,
    drain: () => {},
    pack: (payload: PromptPayload) => ({ payload, input: {} as never }),
    run: async (run: HandleRun) => new Promise<number>((returns, fails) => calls.push({ run, returns, fails })),
  };
  const runner = new LaneRunner({
    handle: handle as unknown as ModelHandle,
    options: { lanes, idleLane: "nothing", contextTokens: 4096, hashesPrompts: true, sampling: {} as never, ...options },
    pooling: "last",
    abortOnce: true,
    readsPromptsWhole,
    memory: new KvMemory(lanes),
    tells: false,
    send: (event) => events.push(event),
    takePrompt: (promptId) => handle.pack({ kind: "tokens", ids: prompts.get(promptId)! }),
  });
  /** Begins a run of prompts, which are their own ids. */
  const begin = (members: Readonly<Record<number, Int32Array>>, adapter?: Adapter) => {
    for (const [promptId, ids] of Object.entries(members)) prompts.set(Number(promptId), ids);
    const ids = Object.keys(members).map((promptId) => ({ promptId: Number(promptId), tokensMax: 100 }));
    const over = runner.run({ kind: "run", members: ids, sampling: {} as never, ...(adapter === undefined ? {} : { adapter }) });
    const { run, returns, fails } = calls.at(-1)!;
    /** The library calls back: a token for each lane, or its END. */
    const say = (...tokens: readonly number[]) => {
      for (const [member, tokenId] of tokens.entries()) {
        const text = tokenId === END ? NOTHING.text : TEXT;
        runner.accept({ ...NOTHING, run: run.run, state: CALL_STATE.normal, member, tokenId, text });
      }
      runner.flush();
    };
    const end = async (code = 0) => {
      returns(code);
      await over;
    };
    const fail = async () => {
      fails(new Error("it went wrong"));
      await over;
    };
    return { run: run.run, lanes: run.lanes.map((payload) => payload !== null), say, end, fail };
  };
  /** Runs a prompt to its end. @returns tokens of it that the KV cache was thought not to hold */
  const prefillOf = async (promptId: number, ids: Int32Array, adapter?: Adapter): Promise<number> => {
    const { lanes: used, say, end } = begin({ [promptId]: ids }, adapter);
    say(...used.map((isUsed) => (isUsed ? 7 : END)));
    say(...used.map(() => END));
    await end();
    return endOf(promptId).stats.prefillTokens;
  };
  const endOf = (promptId: number) => events.findLast((event) => event.kind === "ended" && event.promptId === promptId) as Ended;
  const held = () => (events.at(-1) as Extract<HostEvent, { kind: "idle" }>).held;
  return { runner, begin, prefillOf, endOf, held, events, returns: (code: number) => calls.at(-1)!.returns(code), aborts: () => aborts };
}

type Ended = Extract<HostEvent, { kind: "ended" }>;

const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, index) => from + index);
const A = range(100, 200);
const B = range(300, 400);

test("the last of a batch to end is over with its own end, and lanes that nobody wants any more are stopped", async () => {
  const { runner, begin, endOf, aborts } = stage();
  const { say, end } = begin({ 1: A, 2: B });
  say(7, 7);
  runner.abort(1);
  expect([endOf(1).reason, aborts()]).toEqual(["aborted", 0]);
  say(8, 8);
  say(9, END);
  expect(aborts()).toBe(1);
  await end(-1);
  expect(endOf(2)).toMatchObject({ reason: "stop", stats: { decodeTokens: 2 } });
});

test("a library that is about to return by itself is not stopped", async () => {
  const { runner, begin, endOf, aborts } = stage();
  const { say, end } = begin({ 1: A, 2: B });
  say(7, 7);
  runner.abort(1);
  say(END, 8);
  say(END, END);
  await end();
  expect([endOf(2).reason, endOf(2).stats.decodeTokens, aborts()]).toEqual(["stop", 2, 0]);
});

test.each([
  ["is stopped, where it works on an idle lane", "token", 8, 1],
  ["is not stopped, where an idle lane has ended before", "token", END, 0],
  ["is not stopped, where idle lanes are given nothing", "nothing", END, 0],
] as const)("when a lone answer ends the library %s", async (_, idleLane, idle, expected) => {
  const { begin, endOf, aborts } = stage({ idleLane });
  const { say, end } = begin({ 1: A });
  say(7, idle);
  say(END, idle);
  expect(aborts()).toBe(expected);
  await end();
  expect(endOf(1)).toMatchObject({ reason: "stop", stats: { decodeTokens: 1 } });
});

test("a lane is not believed to hold a prompt that was given up, or failed, before its first token", async () => {
  const { runner, begin, prefillOf, held } = stage({ lanes: 1 });
  const givenUp = begin({ 1: A });
  runner.abort(1);
  await givenUp.end();
  expect(held()).toBeNull();
  expect(await prefillOf(2, A)).toBe(A.length);
  expect(held()?.tokens).toBe(A.length + 1);
  const failed = begin({ 3: B });
  await failed.fail();
  expect(held()).toBeNull();
  expect(await prefillOf(4, B)).toBe(B.length);
});

test("a lane is believed to hold a prompt that an answer was begun to, or that had an empty one", async () => {
  const { runner, begin, held } = stage({ lanes: 1 });
  const begun = begin({ 1: A });
  begun.say(7);
  runner.abort(1);
  await begun.end();
  expect(held()?.tokens).toBe(A.length + 1);
  await begin({ 2: B }).end();
  expect(held()?.tokens).toBe(B.length);
});

test.each([
  ["what it held, where it was given nothing", "nothing", 1],
  ["nothing of it, where it was given a token", "token", A.length + 2],
] as const)("a lane that was idle is believed to hold %s", async (_, idleLane, expected) => {
  const { prefillOf } = stage({ idleLane });
  await prefillOf(1, A);
  await prefillOf(2, B);
  expect(await prefillOf(3, Int32Array.of(...A, 7, 8))).toBe(expected);
});

test("what was computed with an adapter, or without, is gone once a run has come with other weights", async () => {
  const { prefillOf } = stage();
  await prefillOf(1, A);
  await prefillOf(2, B, PIRATE);
  expect(await prefillOf(3, Int32Array.of(...B, 7, 8), PIRATE)).toBe(1);
  expect(await prefillOf(4, Int32Array.of(...A, 7, 8))).toBe(A.length + 2);
});

test("nothing is taken for known by a library that reads every prompt whole", async () => {
  const { prefillOf } = stage({ readsPromptsWhole: true });
  await prefillOf(1, A);
  expect(await prefillOf(2, Int32Array.of(...A, 7, 8))).toBe(A.length + 2);
});

test("what was seen stands in for figures of which the library says nothing but zeros", async () => {
  const { runner, begin, endOf } = stage({ lanes: 1 });
  const { run, say, end } = begin({ 1: A });
  say(7);
  say(8);
  runner.accept({ ...NOTHING, run, state: CALL_STATE.finish, member: 0, tokenId: END });
  await end();
  expect(endOf(1).stats).toMatchObject({ prefillTokens: A.length, decodeTokens: 2 });
});

test("a saving that was broken off has saved nothing", async () => {
  const { runner, prefillOf, events, returns } = stage({ lanes: 1 });
  await prefillOf(1, A);
  const saving = runner.savePrompt("/kept");
  runner.abortAll();
  returns(-1);
  await saving;
  expect(events.at(-1)).toEqual({ kind: "prompt_saved", saved: null });
});
