/** Anthropic's official client against the server, with a scripted engine behind it. */
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/core/errors.ts";
import type { GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { listen } from "../support/api-socket.ts";
import { finishEvent, HELLO } from "../support/scripted-engine.ts";

const MODEL = "qwen3-0.6b";
const BODY = { model: MODEL, max_tokens: 100, messages: [{ role: "user" as const, content: "hi" }] };
const CALL: readonly GenerationEvent[] = [
  { kind: "reasoning", text: "Ask" },
  { kind: "reasoning", text: " it." },
  { kind: "text", text: "Let me see." },
  { kind: "tool_call_start", index: 0, id: "call_a", name: "weather" },
  { kind: "tool_call_arguments", index: 0, text: '{"city":' },
  { kind: "tool_call_arguments", index: 0, text: '"Oslo"}' },
  { kind: "tool_call_start", index: 1, id: "call_b", name: "now" },
  finishEvent({ reason: "tool_calls" }),
];
const CALL_CONTENT = [
  { type: "thinking", thinking: "Ask it.", signature: "" },
  { type: "text", text: "Let me see." },
  { type: "tool_use", id: "call_a", name: "weather", input: { city: "Oslo" } },
  { type: "tool_use", id: "call_b", name: "now", input: {} },
];
const USAGE = { input_tokens: 7, cache_read_input_tokens: 4, output_tokens: 2 };

function client(url: string, maxRetries = 0): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: "none", maxRetries });
}

/** What a call throws. */
async function thrown(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await call.then(() => "nothing");
  } catch (error) {
    return error;
  }
}

test("create reads a whole answer and its request's id", async () => {
  await using api = listen({ events: HELLO });
  const message = await client(api.url).messages.create(BODY);
  expect(message).toMatchObject({
    id: "msg_r1",
    _request_id: "r1",
    content: [{ type: "text", text: "Hello" }],
    stop_reason: "end_turn",
    usage: USAGE,
  });
});

test("create reads thoughts and calls", async () => {
  await using api = listen({ events: CALL });
  const message = await client(api.url).messages.create(BODY);
  expect(message).toMatchObject({ content: CALL_CONTENT, stop_reason: "tool_use" });
});

test("the stream helper puts the events together to the same message", async () => {
  await using api = listen({ events: CALL });
  const seen: string[] = [];
  const stream = client(api.url)
    .messages.stream(BODY)
    .on("text", (text) => seen.push(text))
    .on("thinking", (text) => seen.push(text));
  const message = await stream.finalMessage();
  expect([seen, message]).toMatchObject([
    ["Ask", " it.", "Let me see."],
    { id: "msg_r1", model: MODEL, content: CALL_CONTENT, stop_reason: "tool_use", usage: USAGE },
  ]);
});

test("the stream helper names the stop sequence, and takes an answer without a word", async () => {
  await using api = listen({ events: [finishEvent({ stopSequence: "END" })] });
  const message = await client(api.url).messages.stream(BODY).finalMessage();
  expect(message).toMatchObject({ content: [], stop_reason: "stop_sequence", stop_sequence: "END" });
});

test("a stream that is read event by event passes pings over", async () => {
  await using api = listen({ events: HELLO });
  const names: string[] = [];
  for await (const event of await client(api.url).messages.create({ ...BODY, stream: true })) names.push(event.type);
  expect(names).toEqual([
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
});

test("countTokens reads the count", async () => {
  await using api = listen({});
  expect(await client(api.url).messages.countTokens({ model: MODEL, messages: BODY.messages })).toMatchObject({ input_tokens: 11 });
});

test("models are listed", async () => {
  await using api = listen({});
  const ids: string[] = [];
  for await (const model of client(api.url).models.list()) ids.push(model.id);
  expect(ids).toEqual([MODEL, "org/tiny:1b"]);
});

describe("errors", () => {
  const refusing = (error: AppError) => ({
    admit: async () => {
      throw error;
    },
  });

  test("are raised as the client's own kinds, with their type and the request's id", async () => {
    const long = { details: { promptTokens: 5012, contextTokens: 4096 } };
    await using full = listen(refusing(new AppError("queue_full", "The queue is full.")));
    await using tooLong = listen(refusing(new AppError("context_length_exceeded", "Too long.", long)));
    const raised = await Promise.all([
      thrown(client(full.url).messages.create({ ...BODY, model: "nope" })),
      thrown(client(full.url).messages.create({ ...BODY, max_tokens: -1 })),
      thrown(client(full.url).messages.create(BODY)),
      thrown(client(tooLong.url).messages.create({ ...BODY, stream: true })),
    ]);
    expect(raised.map((error) => error instanceof APIError && [error.constructor.name, error.status, error.type])).toEqual([
      ["NotFoundError", 404, "not_found_error"],
      ["BadRequestError", 400, "invalid_request_error"],
      ["OverloadedError", 529, "overloaded_error"],
      ["BadRequestError", 400, "invalid_request_error"],
    ]);
    expect(raised[3]).toMatchObject({
      requestID: "r1",
      message: expect.stringContaining("prompt is too long: 5012 tokens > 4096 maximum"),
    });
  });

  test("of a stream that breaks are raised while it is read", async () => {
    await using api = listen({ events: [{ kind: "text", text: "Hel" }, new AppError("engine_lost", "The engine host ended.")] });
    const error = await thrown(client(api.url).messages.stream(BODY).finalMessage());
    expect(error).toMatchObject({ error: { error: { type: "api_error", message: "The engine host ended." } } });
  });

  test("make the client come back by itself when the queue was full", async () => {
    let refusals = 1;
    const admit = async (): Promise<void> => {
      refusals -= 1;
      if (refusals >= 0) throw new AppError("queue_full", "The queue is full.", { details: { retryAfterS: 1 } });
    };
    await using api = listen({ events: HELLO, admit });
    const message = await client(api.url, 1).messages.create(BODY);
    expect([message.content, api.engine.requests.length]).toMatchObject([[{ text: "Hello" }], 2]);
  });
});

describe("the tool runner", () => {
  /** Calls a function at first, and answers once it sees the result. */
  async function* agent(request: GenerationRequest): AsyncGenerator<GenerationEvent> {
    const turns = request.input.kind === "chat" ? request.input.messages : [];
    const result = turns.findLast(({ role }) => role === "tool");
    if (result === undefined) {
      yield { kind: "tool_call_start", index: 0, id: "call_a", name: "weather" };
      yield { kind: "tool_call_arguments", index: 0, text: '{"city":"Oslo"}' };
      yield finishEvent({ reason: "tool_calls" });
      return;
    }
    yield { kind: "text", text: `In Oslo: ${result.content}` };
    yield finishEvent();
  }

  const weather = betaTool({
    name: "weather",
    description: "Tells the weather.",
    inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    run: ({ city }) => `rain over ${city}`,
  });

  test.each([[false], [true]])("sends the whole conversation once its thread is refused (streamed: %p)", async (stream) => {
    await using api = listen({ play: agent });
    const runner = client(api.url).beta.messages.toolRunner({ ...BODY, system: "Be brief.", tools: [weather], stream });
    const message = await runner.runUntilDone();
    const statuses = api.lines.filter(({ message }) => message === "request").map(({ facts }) => (facts as { status: number }).status);
    expect([statuses, message.content, api.engine.requests.map(({ request }) => request.input)]).toMatchObject([
      [400, 200, 200],
      [{ type: "text", text: "In Oslo: rain over Oslo" }],
      [
        { messages: [{ role: "system" }, { role: "user" }], tools: [{ name: "weather" }] },
        {
          messages: [
            { role: "system", content: "Be brief." },
            { role: "user", content: "hi" },
            { role: "assistant", toolCalls: [{ id: "call_a", name: "weather", arguments: '{"city":"Oslo"}' }] },
            { role: "tool", toolCallId: "call_a", content: "rain over Oslo" },
          ],
          tools: [{ name: "weather" }],
        },
      ],
    ]);
  });
});
