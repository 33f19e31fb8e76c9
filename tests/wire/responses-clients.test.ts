/** The clients of /v1/responses over a socket, with a scripted engine behind it. */
import { describe, expect, test } from "bun:test";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import type { ModelMessage } from "ai";
import OpenAI from "openai";
import { AppError } from "../../src/core/errors.ts";
import type { ChatInput, GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { listen } from "../support/api-socket.ts";
import type { ListeningApi } from "../support/api-socket.ts";
import { finishEvent, HELLO } from "../support/scripted-engine.ts";

const MODEL = "qwen3-0.6b";

/** Thinks, speaks, calls one function in pieces and one without arguments. */
const EVERYTHING: readonly GenerationEvent[] = [
  { kind: "reasoning", text: "Weather" },
  { kind: "reasoning", text: " first." },
  { kind: "text", text: "Let me " },
  { kind: "text", text: "see. 漢字 😀" },
  { kind: "tool_call_start", index: 0, id: "call_a", name: "weather" },
  { kind: "tool_call_arguments", index: 0, text: '{"city":' },
  { kind: "tool_call_arguments", index: 0, text: '"Oslo"}' },
  { kind: "tool_call_start", index: 1, id: "call_b", name: "now" },
  finishEvent({ reason: "tool_calls", usage: { promptTokens: 11, cachedTokens: 4, completionTokens: 9, reasoningTokens: 3 } }),
];

const OUTPUT = [
  { type: "reasoning", id: "rs_r1_0", summary: [{ type: "summary_text", text: "Weather first." }] },
  { type: "message", id: "msg_r1_1", role: "assistant", content: [{ type: "output_text", text: "Let me see. 漢字 😀" }] },
  { type: "function_call", id: "fc_r1_2", call_id: "call_a", name: "weather", arguments: '{"city":"Oslo"}', status: "completed" },
  { type: "function_call", id: "fc_r1_3", call_id: "call_b", name: "now", arguments: "{}", status: "completed" },
];

function openai(api: ListeningApi): OpenAI {
  return new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "none", maxRetries: 0 });
}

function messagesOf(request: GenerationRequest | undefined): ChatInput["messages"] {
  return request?.input.kind === "chat" ? request.input.messages : [];
}

/** Answers by what has come so far: first with a call, then with a text. */
function callThenAnswer(request: GenerationRequest): readonly GenerationEvent[] {
  const hasResult = messagesOf(request).some(({ role }) => role === "tool");
  return hasResult
    ? [{ kind: "text", text: "Rain." }, finishEvent()]
    : EVERYTHING.slice(0, 7).concat(finishEvent({ reason: "tool_calls" }));
}

async function* play(events: readonly GenerationEvent[]): AsyncGenerator<GenerationEvent> {
  yield* events;
}

describe("openai", () => {
  test("its stream helper, which checks every event, puts a response together", async () => {
    await using api = listen({ events: EVERYTHING });
    const stream = openai(api).responses.stream({ model: MODEL, input: "Weather?" });
    const seen: string[] = [];
    stream.on("event", ({ type }) => void seen.push(type));
    const response = await stream.finalResponse();
    expect([response.status, response.output_text, seen.length]).toEqual(["completed", "Let me see. 漢字 😀", 26]);
    expect(response).toMatchObject({
      id: "resp_r1",
      output: OUTPUT,
      usage: { input_tokens: 11, output_tokens: 9, total_tokens: 20, output_tokens_details: { reasoning_tokens: 3 } },
    });
  });

  test("a response that was not streamed is the same one", async () => {
    await using api = listen({ events: EVERYTHING });
    const response = await openai(api).responses.create({ model: MODEL, input: "Weather?" });
    expect(response).toMatchObject({ id: "resp_r1", status: "completed", output_text: "Let me see. 漢字 😀", output: OUTPUT });
  });

  test("its stream helper takes an answer that the token limit cut off inside a call", async () => {
    await using api = listen({ events: [...EVERYTHING.slice(0, 6), finishEvent({ reason: "length" })] });
    const response = await openai(api).responses.stream({ model: MODEL, input: "Weather?" }).finalResponse();
    expect([response.status, response.incomplete_details, response.output.map(({ type }) => type)]).toEqual([
      "incomplete",
      { reason: "max_output_tokens" },
      ["reasoning", "message"],
    ]);
  });

  test("a stream that breaks ends in a failed response that says why", async () => {
    await using api = listen({ events: [{ kind: "text", text: "Hel" }, new AppError("engine_lost", "The engine host ended.")] });
    const response = await openai(api).responses.stream({ model: MODEL, input: "hi" }).finalResponse();
    expect([response.status, response.error]).toMatchObject(["failed", { code: "server_error", message: "The engine host ended." }]);
  });

  test("a conversation goes on by the id of its last response", async () => {
    await using api = listen({ events: HELLO });
    const client = openai(api);
    const first = await client.responses.create({ model: MODEL, input: "My name is Ann.", instructions: "Be brief." });
    await client.responses.create({ model: MODEL, input: "What is it?", previous_response_id: first.id });
    expect(messagesOf(api.engine.requests[1]?.request)).toEqual([
      { role: "user", content: "My name is Ann." },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "What is it?" },
    ]);
  });

  test("a stored response can be read, listed and deleted", async () => {
    await using api = listen({ events: HELLO });
    const client = openai(api);
    const created = await client.responses.create({
      model: MODEL,
      input: [
        { role: "user", content: "a" },
        { role: "user", content: "b" },
      ],
    });
    const { output_text: _text, ...retrieved } = await client.responses.retrieve(created.id);
    const { output_text: _same, _request_id: _id, ...sent } = created as typeof created & { _request_id?: string };
    const items: unknown[] = [];
    for await (const item of client.responses.inputItems.list(created.id, { limit: 1, order: "asc" })) items.push(item);
    await client.responses.delete(created.id);
    const gone = await client.responses.retrieve(created.id).catch((error: unknown) => error);
    expect([retrieved, items, gone]).toMatchObject([
      sent,
      [
        { id: "msg_r1_in0", type: "message", role: "user", content: [{ type: "input_text", text: "a" }] },
        { id: "msg_r1_in1", type: "message", role: "user", content: [{ type: "input_text", text: "b" }] },
      ],
      { status: 404, code: "not_found", param: "response_id" },
    ]);
  });

  test("it counts the tokens of a prompt", async () => {
    await using api = listen({});
    const { input_tokens: tokens } = await openai(api).responses.inputTokens.count({ model: MODEL, input: "hi" });
    expect(tokens).toBe(11);
  });
});

describe("ai", () => {
  const model = (api: ListeningApi) => createOpenAI({ baseURL: `${api.url}/v1`, apiKey: "none" })(MODEL);

  test("its second turn refers to the items of the first, and the model is shown them", async () => {
    await using api = listen({ events: HELLO });
    const bodies: string[] = [];
    const recording = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      if (typeof init?.body === "string") bodies.push(init.body);
      return fetch(url, init);
    };
    const named = createOpenAI({
      baseURL: `${api.url}/v1`,
      apiKey: "none",
      fetch: Object.assign(recording, { preconnect: fetch.preconnect }),
    })(MODEL);
    const messages: ModelMessage[] = [{ role: "user", content: "My name is Ann." }];
    const first = streamText({ model: named, messages });
    expect(await first.text).toBe("Hello");
    messages.push(...(await first.response).messages, { role: "user", content: "What is it?" });
    const second = await generateText({ model: named, messages });
    const sent = JSON.parse(bodies[1] ?? "") as { input: readonly unknown[] };
    expect([
      sent.input[1],
      second.text,
      second.finishReason,
      second.usage.inputTokens,
      messagesOf(api.engine.requests[1]?.request),
    ]).toEqual([
      { type: "item_reference", id: "msg_r1_0" },
      "Hello",
      "stop",
      11,
      [
        { role: "user", content: "My name is Ann." },
        { role: "assistant", content: "Hello" },
        { role: "user", content: "What is it?" },
      ],
    ]);
  });

  test.each([
    ["streamed", true],
    ["whole", false],
  ])("it runs a function and comes back with its result, %s", async (_how, streamed) => {
    await using api = listen({ play: (request) => play(callThenAnswer(request)) });
    const options = {
      model: model(api),
      prompt: "Weather?",
      tools: { weather: tool({ inputSchema: jsonSchema<{ city: string }>({ type: "object" }), execute: ({ city }) => `Rain in ${city}` }) },
      stopWhen: stepCountIs(3),
    };
    const text = streamed ? await streamText(options).text : (await generateText(options)).text;
    expect([text, messagesOf(api.engine.requests[1]?.request)]).toEqual([
      "Rain.",
      [
        { role: "user", content: "Weather?" },
        {
          role: "assistant",
          content: "Let me see. 漢字 😀",
          reasoning: "Weather first.",
          toolCalls: [{ id: "call_a", name: "weather", arguments: '{"city":"Oslo"}' }],
        },
        { role: "tool", content: "Rain in Oslo", toolCallId: "call_a" },
      ],
    ]);
  });

  test("what it keeps itself, with store false, comes back whole", async () => {
    await using api = listen({ events: EVERYTHING.slice(0, 4).concat(finishEvent()) });
    const options = {
      model: model(api),
      providerOptions: { openai: { store: false, include: ["reasoning.encrypted_content"], forceReasoning: true } },
    };
    const messages: ModelMessage[] = [{ role: "user", content: "Weather?" }];
    const first = streamText({ ...options, messages });
    messages.push(...(await first.response).messages, { role: "user", content: "And now?" });
    await generateText({ ...options, messages });
    expect(messagesOf(api.engine.requests[1]?.request)[1]).toEqual({
      role: "assistant",
      content: "Let me see. 漢字 😀",
      reasoning: "Weather first.",
    });
  });

  test("it reports a stream that breaks as an error", async () => {
    await using api = listen({ events: [{ kind: "text", text: "Hel" }, new AppError("engine_lost", "The engine host ended.")] });
    const errors: unknown[] = [];
    const result = streamText({ model: model(api), prompt: "hi", maxRetries: 0, onError: ({ error }) => void errors.push(error) });
    await result.consumeStream();
    expect([errors.length, JSON.stringify(errors)]).toEqual([1, expect.stringContaining("The engine host ended.")]);
  });
});
