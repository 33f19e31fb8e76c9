/** What holds for any answer and for any body. */
import * as fc from "fast-check";
import { expect, test } from "bun:test";
import { messageReply } from "../../src/api/anthropic/encode.ts";
import { createMessageStreamEncoder } from "../../src/api/anthropic/stream-encode.ts";
import { collectAnswer } from "../../src/api/collected-answer.ts";
import type { JsonObject } from "../../src/api/dialect.ts";
import type { FinishReason, GenerationEvent } from "../../src/core/generation.ts";
import { createServer } from "../../src/api/server.ts";
import { readable } from "../support/generation.ts";
import { finishEvent, scriptedEngine, serverOptions } from "../support/scripted-engine.ts";

const HEADING = { id: "msg_A", model: "m" };

/** A stretch of an answer: some text, some thought, or a call whose arguments come in pieces. */
type Stretch =
  | { readonly kind: "text" | "reasoning"; readonly pieces: readonly string[] }
  | { readonly kind: "call"; readonly pieces: readonly string[] };

const stretch: fc.Arbitrary<Stretch> = fc.oneof(
  fc.record({ kind: fc.constantFrom("text" as const, "reasoning" as const), pieces: fc.array(fc.string(), { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant("call" as const),
    pieces: fc.dictionary(fc.string(), fc.jsonValue()).chain((input) => fc.constantFrom([], [JSON.stringify(input)], JSON.stringify(input).match(/.{1,4}/gs) ?? [])),
  }),
); // prettier-ignore

function eventsOf(stretches: readonly Stretch[], reason: FinishReason): GenerationEvent[] {
  let calls = 0;
  const events = stretches.flatMap(({ kind, pieces }): GenerationEvent[] => {
    if (kind !== "call") return pieces.map((text) => ({ kind, text }));
    const index = calls++;
    const start: GenerationEvent = { kind: "tool_call_start", index, id: `call_${index}`, name: "f" };
    return [start, ...pieces.map((text): GenerationEvent => ({ kind: "tool_call_arguments", index, text }))];
  });
  return [...events, finishEvent({ reason })];
}

async function* replay(events: readonly GenerationEvent[]): AsyncGenerator<GenerationEvent> {
  yield* events;
}

interface Block {
  type: string;
  text?: string;
  thinking?: string;
  json?: string;
}

/** Puts a stream together as a strict client would: every index follows the one before, and deltas come to the open block alone. */
function blocksOf(objects: readonly JsonObject[]): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const { type, index, content_block, delta } of objects) {
    if (type === "content_block_start") {
      expect([open, index]).toEqual([null, blocks.length]);
      open = { ...(content_block as Block) };
      blocks.push(open);
    } else if (type === "content_block_delta") {
      expect(index).toBe(blocks.length - 1);
      const { text, thinking, partial_json } = delta as { text?: string; thinking?: string; partial_json?: string };
      if (text !== undefined) open!.text = (open!.text ?? "") + text;
      if (thinking !== undefined) open!.thinking = (open!.thinking ?? "") + thinking;
      if (partial_json !== undefined) open!.json = (open!.json ?? "") + partial_json;
    } else if (type === "content_block_stop") {
      expect([open === null, index]).toEqual([false, blocks.length - 1]);
      open = null;
    }
  }
  expect(open).toBeNull();
  return blocks;
}

const joined = (blocks: readonly Block[], key: "text" | "thinking"): string => blocks.map((block) => block[key] ?? "").join("");

test("a stream of any answer is well formed and says what the whole answer says", async () => {
  const reasons = fc.constantFrom<FinishReason>("stop", "tool_calls");
  await fc.assert(
    fc.asyncProperty(fc.array(stretch, { maxLength: 6 }), reasons, async (stretches, reason) => {
      const events = eventsOf(stretches, reason);
      const encoder = createMessageStreamEncoder(HEADING, 11);
      const objects = [...encoder.open(0), ...events.flatMap((event) => encoder.event(event, 0))];
      const whole = messageReply(HEADING, await collectAnswer(readable(replay(events))))["content"] as (Block & { input?: unknown })[];
      const blocks = blocksOf(objects);
      expect(objects.map(({ type }) => type).filter((type) => !String(type).startsWith("content_block"))).toEqual([
        "message_start",
        "ping",
        "message_delta",
        "message_stop",
      ]);
      expect([
        joined(blocks, "text"),
        joined(blocks, "thinking"),
        blocks.filter(({ type }) => type === "tool_use").map(({ json }) => JSON.parse(json ?? "") as unknown),
      ]).toEqual([
        joined(whole, "text"),
        joined(whole, "thinking"),
        whole.filter(({ type }) => type === "tool_use").map(({ input }) => input),
      ]);
    }),
    { numRuns: 200 },
  );
});

/** Blocks and fields of the right types, with words that belong there and words that do not. */
const word = fc.constantFrom("text", "tool_use", "tool_result", "thinking", "document", "image", "web_search_tool_result", "x");
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });
const source = maybe(fc.record({ type: fc.constantFrom("text", "content", "url"), data: fc.string() }, { requiredKeys: [] }));
const fields = { type: word, text: maybe(fc.string()), title: maybe(fc.string()), source };
const inner = fc.record({ ...fields, content: fc.jsonValue({ maxDepth: 1 }) }, { requiredKeys: ["type"] });
const block = fc.record(
  {
    ...fields,
    id: maybe(fc.string()),
    name: maybe(fc.string()),
    input: fc.jsonValue(),
    tool_use_id: maybe(fc.string()),
    thinking: maybe(fc.string()),
    is_error: maybe(fc.boolean()),
    content: maybe(fc.oneof(fc.string(), fc.array(inner, { maxLength: 2 }))),
  },
  { requiredKeys: ["type"] },
);
const content = fc.oneof(fc.string(), fc.array(block, { maxLength: 2 }));
const messages = fc.array(fc.record({ role: fc.constantFrom("user", "assistant", "system"), content }), { minLength: 1, maxLength: 3 });
const tool = fc.record({ name: fc.constantFrom("f", "g", ""), type: fc.constantFrom(null, "custom", "bash_20250124") });
const format = fc.record({ type: fc.constantFrom("json_schema", "xml"), schema: maybe(fc.boolean()) });
const typed = {
  messages,
  system: maybe(fc.oneof(fc.string(), fc.array(fc.record({ type: fc.constant("text"), text: maybe(fc.string()) }), { maxLength: 2 }))),
  tools: maybe(fc.array(tool, { maxLength: 2 })),
  tool_choice: maybe(fc.record({ type: fc.constantFrom("auto", "any", "tool", "none"), name: maybe(fc.constantFrom("f", "h")) })),
  thinking: maybe(fc.record({ type: fc.constantFrom("enabled", "disabled", "adaptive") })),
  output_config: maybe(fc.record({ effort: maybe(fc.string()), format: maybe(format) })),
  max_tokens: maybe(fc.nat()),
  stop_sequences: maybe(fc.array(fc.string())),
  stream: maybe(fc.boolean()),
};
/** Most bodies have every field of its type; in some, anything stands anywhere. */
const body = fc.oneof(
  { weight: 3, arbitrary: fc.record(typed, { requiredKeys: ["messages"] }) },
  {
    weight: 1,
    arbitrary: fc.record(Object.fromEntries(Object.entries(typed).map(([name, value]) => [name, fc.oneof(value, fc.jsonValue())]))),
  },
);

test("any body is answered or refused in Anthropic's shape, never with a fault of ours", async () => {
  const app = createServer(serverOptions(scriptedEngine()));
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const response = await app.handle(new Request("http://localhost/v1/messages", { method: "POST", body: JSON.stringify(sent) }));
      const text = await response.text();
      if (response.status === 200) return expect(text).toContain('"type":"message"');
      expect([response.status, JSON.parse(text)]).toMatchObject([
        400,
        { type: "error", error: { type: "invalid_request_error", message: expect.any(String) } },
      ]);
    }),
    { numRuns: 400 },
  );
});
