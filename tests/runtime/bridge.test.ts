import { cc } from "bun:ffi";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { CALL_STATE } from "../../src/runtime/native/abi.ts";
import { compileBridge } from "../../src/runtime/native/bridge.ts";
import type { RingRecord } from "../../src/runtime/native/ring.ts";

const bridge = compileBridge(join(import.meta.dir, "../../src/runtime/native/bridge.c"));
const source = cc({
  source: join(import.meta.dir, "callback-source.c"),
  flags: ["-nostdlib"],
  symbols: {
    run_here: { args: ["ptr", "ptr", "i32"], returns: "i32" },
    run_on_thread: { args: ["ptr", "ptr", "i32"], returns: "i32" },
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
      else seen.records.push({ ...record, text: new Uint8Array(0) });
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
  const nothing = { prefillMs: 0, prefillTokens: 0, decodeMs: 0, decodeTokens: 0, memoryMb: 0, text: new Uint8Array(0) };
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
