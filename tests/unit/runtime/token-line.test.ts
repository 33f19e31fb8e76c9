import { expect, test } from "bun:test";
import { TokenLine } from "../../../src/runtime/token-line.ts";
import type { HostEvent } from "../../../src/runtime/protocol.ts";

const STATS = { prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0 };
const ended = (promptId: number, told?: number): HostEvent => ({
  kind: "ended",
  promptId,
  reason: "stop",
  stats: STATS,
  ...(told === undefined ? {} : { told }),
});
const IDLE: HostEvent = { kind: "idle", held: null };

/** A token on the line. */
function frame(promptId: number, text: string | Uint8Array): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(promptId, 0);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** A line for two answers, and what came of it: texts by themselves, other events by their kinds. */
function stage(pieceMs = 0) {
  const heard: (string | { readonly promptId: number; readonly text: string; readonly tokens: number })[] = [];
  const line = new TokenLine((event) => {
    heard.push(event.kind === "text" ? { promptId: event.promptId, text: event.text, tokens: event.tokens } : event.kind);
  }, pieceMs);
  line.begin([{ promptId: 1 }, { promptId: 2 }]);
  return { line, heard };
}

test("tokens that come together travel together, each answer's by themselves", () => {
  const { line, heard } = stage();
  line.take(Buffer.concat([frame(1, "Good"), frame(2, "No"), frame(1, " morning"), frame(2, "")]));
  expect(heard).toEqual([
    { promptId: 1, text: "Good morning", tokens: 2 },
    { promptId: 2, text: "No", tokens: 2 },
  ]);
});

test("however the bytes are cut, the text and the number of tokens are the same", () => {
  const smile = Buffer.from("🙂");
  const bytes = Buffer.concat([frame(1, "a"), frame(1, smile.subarray(0, 2)), frame(1, smile.subarray(2)), frame(1, "z")]);
  for (let size = 1; size <= bytes.length; size++) {
    const { line, heard } = stage();
    for (let at = 0; at < bytes.length; at += size) line.take(bytes.subarray(at, at + size));
    line.receive(ended(1, 4));
    const texts = heard.filter((each) => typeof each === "object");
    expect([texts.map(({ text }) => text).join(""), texts.reduce((sum, { tokens }) => sum + tokens, 0), heard.at(-1)]).toEqual([
      "a🙂z",
      4,
      "ended",
    ]);
  }
});

test("an end that overtakes its tokens waits for them, and so does whatever comes behind it", () => {
  const { line, heard } = stage();
  line.receive(ended(1, 2));
  line.receive(IDLE);
  line.take(frame(1, "one"));
  expect(heard).toEqual([{ promptId: 1, text: "one", tokens: 1 }]);
  line.take(frame(1, " two"));
  expect(heard.slice(1)).toEqual([{ promptId: 1, text: " two", tokens: 1 }, "ended", "idle"]);
});

test("a failure waits for the tokens before it, too", () => {
  const { line, heard } = stage();
  line.receive({ kind: "run_failed", promptId: 1, error: { code: "runtime_error", message: "It broke.", details: {} }, told: 1 });
  line.take(frame(1, "so far"));
  expect(heard).toEqual([{ promptId: 1, text: "so far", tokens: 1 }, "run_failed"]);
});

test("an answer that ends inside a character ends with the sign for it", () => {
  const { line, heard } = stage();
  line.take(frame(1, Buffer.from("é").subarray(0, 1)));
  line.receive(ended(1, 1));
  expect(heard).toEqual([{ promptId: 1, text: "", tokens: 1 }, { promptId: 1, text: "\ufffd", tokens: 0 }, "ended"]);
});

test("tokens of an answer that has ended are nobody's", () => {
  const { line, heard } = stage();
  line.receive(ended(1));
  line.take(Buffer.concat([frame(1, "late"), frame(9, "never begun"), frame(2, "mine")]));
  expect(heard).toEqual(["ended", { promptId: 2, text: "mine", tokens: 1 }]);
});

test("text that comes as an event is handed on as it is", () => {
  const { line, heard } = stage();
  line.receive({ kind: "text", promptId: 1, text: "by itself", tokens: 3 });
  expect(heard).toEqual([{ promptId: 1, text: "by itself", tokens: 3 }]);
});

test("what comes faster than anybody reads is handed on in pieces, and an end holds nothing back", () => {
  const { line, heard } = stage(60_000);
  for (const text of ["one", " two", " three"]) line.take(frame(1, text));
  line.take(frame(2, "Other"));
  line.receive(ended(1, 3));
  expect(heard).toEqual([
    { promptId: 1, text: "one", tokens: 1 },
    { promptId: 2, text: "Other", tokens: 1 },
    { promptId: 1, text: " two three", tokens: 2 },
    "ended",
  ]);
});

test("a piece is not held back for longer than a piece takes, though nothing more comes", async () => {
  const heard: string[] = [];
  const second = Promise.withResolvers<void>();
  const line = new TokenLine((event) => {
    if (event.kind === "text") heard.push(event.text);
    if (heard.length === 2) second.resolve();
  }, 50);
  line.begin([{ promptId: 1 }]);
  for (const text of ["one", " two", " three"]) line.take(frame(1, text));
  expect(heard).toEqual(["one"]);
  await second.promise;
  expect(heard).toEqual(["one", " two three"]);
});
