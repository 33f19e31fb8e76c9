import { cc, ptr } from "bun:ffi";
import { expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { CALL_STATE } from "../../src/runtime/native/abi.ts";
import { compileBridge, type WantedRows } from "../../src/runtime/native/bridge.ts";
import type { RingRecord } from "../../src/runtime/native/ring.ts";

const bridge = compileBridge(join(import.meta.dir, "../../src/runtime/native/bridge.c"));
const source = cc({
  source: join(import.meta.dir, "callback-source.c"),
  flags: ["-nostdlib"],
  symbols: {
    run_here: { args: ["ptr", "ptr", "i32"], returns: "i32" },
    run_on_thread: { args: ["ptr", "ptr", "i32"], returns: "i32" },
    give_rows: { args: ["ptr", "ptr", "ptr", "i32", "i32"], returns: "i32" },
    give_batch: { args: ["ptr", "ptr", "ptr", "i32"], returns: "i32" },
  },
});

/** What callback-source.c says for `count` results. */
function expectedText(count: number): string {
  return Array.from({ length: count }, (_, i) => (i % 7 === 6 ? "" : `${i} `)).join("");
}

/** Collects a channel's records until the last one of a job. */
function collect() {
  const channel = bridge.createResultChannel();
  const seen = { text: "", ids: [] as number[], records: [] as RingRecord[] };
  const over = Promise.withResolvers<void>();
  const stop = bridge.onBell(() =>
    channel.ring.drain((record) => {
      seen.text += new TextDecoder().decode(record.text);
      if (record.state === CALL_STATE.normal) seen.ids.push(record.tokenId);
      else seen.records.push({ ...record, text: new Uint8Array(0), vector: record.vector.slice() });
      if (record.state === CALL_STATE.error) over.resolve();
    }),
  );
  const finish = async () => {
    await over.promise;
    stop();
    channel.free();
    return seen;
  };
  return { channel, finish };
}

const run = (how: "run_here" | "run_on_thread", userdata: number, count: number) =>
  source.symbols[how](bridge.resultCallback, userdata, count);

test("the bridge delivers every result of a foreign thread in order, none read after its memory was overwritten", async () => {
  const { channel, finish } = collect();
  run("run_on_thread", channel.userdata(5), 20_000);
  const seen = await finish();
  expect(seen.text).toBe(expectedText(20_000));
  expect(seen.ids).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
});

test("the bridge hands on the run's number, its figures, and results that are NULL", async () => {
  const { channel, finish } = collect();
  run("run_here", channel.userdata(7), 3);
  const nothing = {
    member: 0,
    prefillMs: 0,
    prefillTokens: 0,
    decodeMs: 0,
    decodeTokens: 0,
    memoryMb: 0,
    text: new Uint8Array(0),
    vector: new Float32Array(0),
  };
  expect((await finish()).records).toEqual([
    {
      ...nothing,
      run: 7,
      state: CALL_STATE.finish,
      tokenId: 2,
      prefillMs: 1.5,
      prefillTokens: 3,
      decodeMs: 2.5,
      decodeTokens: 3,
      memoryMb: 4.5,
    },
    { ...nothing, run: 7, state: CALL_STATE.error, tokenId: -1 },
  ]);
});

test("the bridge keeps apart what two runs on one handle say", async () => {
  const { channel, finish } = collect();
  const first = channel.userdata(1);
  const second = channel.userdata(2);
  run("run_here", second, 1);
  const seen = await finish();
  expect(first).not.toBe(second);
  expect(seen.records.map((record) => record.run)).toEqual([2, 2]);
});

/** Runs with the token line on a process that gives back what it gets. */
async function toldOf(work: () => Promise<unknown>): Promise<Buffer> {
  const echo = Bun.spawn(["sh", "-c", "cat <&3"], { stdio: ["ignore", "pipe", "ignore", "socket-fd"] });
  const file = echo.stdio[3] ?? -1;
  const told = new Response(echo.stdout).arrayBuffer();
  bridge.setTokenLine(file);
  try {
    await work();
  } finally {
    bridge.setTokenLine(-1);
    closeSync(file);
  }
  return Buffer.from(await told);
}

/** The texts of frames, for the prompts they name. */
function framesOf(bytes: Buffer): { readonly promptId: number; readonly text: string }[] {
  const frames = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 8 + bytes.readUInt32LE(at + 4);
    frames.push({ promptId: bytes.readUInt32LE(at), text: bytes.toString("utf8", at + 8, end) });
    at = end;
  }
  return frames;
}

test("the token line gets every token of whoever listens, up to the limit, and the ring gets all of them as well", async () => {
  const { channel, finish } = collect();
  const userdata = channel.userdata(5);
  channel.listen(userdata, 0, { promptId: 77, tokensMax: 15_000 });
  let seen: Awaited<ReturnType<typeof finish>> | undefined;
  const frames = framesOf(
    await toldOf(async () => {
      run("run_on_thread", userdata, 20_000);
      seen = await finish();
    }),
  );
  expect(frames.map(({ text }) => text).join("")).toBe(expectedText(15_000));
  expect([frames.length, new Set(frames.map(({ promptId }) => promptId))]).toEqual([15_000, new Set([77])]);
  expect(seen?.ids).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
});

test("the token line gets nothing of whom nobody listens to any more", async () => {
  const { channel, finish } = collect();
  const userdata = channel.userdata(5);
  channel.listen(userdata, 0, { promptId: 77, tokensMax: 10 });
  channel.listen(userdata, 0, null);
  const told = await toldOf(async () => {
    run("run_here", userdata, 3);
    await finish();
  });
  expect(told).toHaveLength(0);
});

test("the bell keeps silent between the first token and the last also for a member that has ended while another goes on", async () => {
  const channel = bridge.createResultChannel();
  const userdata = channel.userdata(5, { count: 2, idle: 0 });
  for (const lane of [0, 1]) channel.listen(userdata, lane, { promptId: 77 + lane, tokensMax: 100 });
  let bells = 0;
  const stop = bridge.onBell(() => bells++);
  const step = async () => {
    source.symbols.give_batch(bridge.resultCallback, userdata, ptr(Int32Array.of(1, 2)), 2);
    await Bun.sleep(1);
  };
  const told = await toldOf(async () => {
    await step();
    channel.listen(userdata, 0, null);
    for (let steps = 0; steps < 20; steps++) await step();
  });
  stop();
  channel.free();
  expect([framesOf(told).length, bells]).toEqual([22, 1]);
});

test("a token line whose other end is gone loses its tokens, and the run goes on", async () => {
  const { channel, finish } = collect();
  const userdata = channel.userdata(5);
  channel.listen(userdata, 0, { promptId: 77, tokensMax: 100 });
  const gone = Bun.spawn(["true"], { stdio: ["ignore", "ignore", "ignore", "socket-fd"] });
  await gone.exited;
  bridge.setTokenLine(gone.stdio[3] ?? -1);
  run("run_on_thread", userdata, 100);
  expect((await finish()).text).toBe(expectedText(100));
  bridge.setTokenLine(-1);
});

/** The vectors that come of hidden rows, and what the callback said to each. */
function vectorsOf(rows: WantedRows | undefined, given: readonly { width: number; values: readonly number[]; count?: number }[]) {
  const channel = bridge.createResultChannel();
  const vectors: number[][] = [];
  const verdicts = given.map(({ width, values, count }) => {
    const memory = new Float32Array(new ArrayBuffer(Math.max(1, values.length) * 4));
    memory.set(values);
    const address = values.length === 0 ? null : ptr(memory);
    const verdict = source.symbols.give_rows(
      bridge.resultCallback,
      channel.userdata(1, undefined, rows),
      address,
      width,
      count ?? values.length / width,
    );
    channel.ring.drain((record) => void vectors.push([...record.vector]));
    return verdict;
  });
  channel.free();
  return { vectors, verdicts };
}

const ROWS = { width: 2, values: [1, 2, 3, 4, 5, 9] };

test("the bridge makes one vector of hidden rows, and has their memory freed where the library can", () => {
  expect([
    vectorsOf({ from: "last", free: true }, [ROWS]),
    vectorsOf({ from: "mean", free: false }, [ROWS]),
    vectorsOf(undefined, [ROWS]),
  ]).toEqual([
    { vectors: [[5, 9]], verdicts: [2] },
    { vectors: [[3, 5]], verdicts: [0] },
    { vectors: [[]], verdicts: [0] },
  ]);
});

test("the bridge takes no vector from rows that are NULL or whose sizes make no sense, and has nothing freed then", () => {
  const strange = [
    { width: 2, values: [] },
    { width: -2, values: [1], count: 1 },
    { width: 0, values: [1], count: 1 },
    { width: 1, values: [1], count: -1 },
    { width: 1, values: [1], count: 0 },
    { width: 8193, values: [1], count: 1 },
    { width: 2 ** 31 - 1, values: [1], count: 2 ** 31 - 1 },
  ];
  expect(vectorsOf({ from: "last", free: true }, strange)).toEqual({
    vectors: strange.map(() => []),
    verdicts: strange.map(() => 0),
  });
});

test("the bridge picks two logits out of the row behind the prompt, and none that the vocabulary does not have", () => {
  const rows = (first: number, second: number) => ({ from: { logitsOf: [first, second] }, free: true }) as const;
  const given = [{ width: 3, values: [1, 2, 3, 4, 5, 6] }];
  expect([vectorsOf(rows(2, 0), given), vectorsOf(rows(0, 3), given), vectorsOf(rows(-1, 0), given)]).toEqual([
    { vectors: [[6, 4]], verdicts: [2] },
    { vectors: [[]], verdicts: [0] },
    { vectors: [[]], verdicts: [0] },
  ]);
});

test("the bridge tells once that a lane of a batch has ended, also an idle one, whose tokens it keeps to itself", () => {
  const channel = bridge.createResultChannel();
  const userdata = channel.userdata(1, { count: 3, idle: 0b100 });
  const told: [lane: number, id: number][] = [];
  for (const ids of [[1, 2, 3], null, [4, -1, 5], [6, -1, -1], [-1, -1, -1]]) {
    source.symbols.give_batch(bridge.resultCallback, userdata, ids && ptr(Int32Array.from(ids)), 3);
    channel.ring.drain(({ member, tokenId }) => void told.push([member, tokenId]));
  }
  channel.free();
  expect(told).toEqual([
    [0, 1],
    [1, 2],
    [0, 4],
    [1, -1],
    [0, 6],
    [2, -1],
    [0, -1],
  ]);
});

test("the longest vectors go through the ring one after another", () => {
  const given = Array.from({ length: 9 }, (_, i) => ({ width: 8192, values: Array.from({ length: 8192 }, (__, j) => i * 8192 + j) }));
  expect(vectorsOf({ from: "mean", free: true }, given).vectors).toEqual(given.map(({ values }) => values));
});

test("a full ring that nobody reads any more lets the library's thread go instead of holding it for ever", () => {
  const channel = bridge.createResultChannel();
  channel.ring.stop();
  expect(run("run_here", channel.userdata(1), 50_000)).toBe(0);
  channel.free();
});

test("opening what is no library is refused with the loader's own words", () => {
  expect(() => bridge.openLibrary(import.meta.path)).toThrow(
    expect.objectContaining({ code: "runtime_library_missing", message: expect.stringContaining("bridge.test.ts") }),
  );
});
