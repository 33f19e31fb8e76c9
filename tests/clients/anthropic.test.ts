/** Anthropic's own client against a whole server. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import Anthropic, { BadRequestError, NotFoundError } from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import {
  CHAT_MODELS,
  startChatServer,
  WEATHER_ABOUT,
  WEATHER_PARAMETERS,
  WEATHER_QUESTION,
  WEATHER_RESULT,
} from "../support/chat-server.ts";
import { rejection } from "../support/rejection.ts";
import type { ServerProcess } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

/** `temperature` is not in this client's types any more; the server takes it. */
const GREEDY = { model: "tiny-chat", max_tokens: 96, ...({ temperature: 0 } as object) };
const WEATHER: Anthropic.Tool = { name: "get_weather", description: WEATHER_ABOUT, input_schema: WEATHER_PARAMETERS };
const CAPITAL: Anthropic.MessageParam[] = [{ role: "user", content: "What is the capital of France?" }];

let server: ServerProcess;
let anthropic: Anthropic;

beforeAll(async () => {
  server = await startChatServer();
  anthropic = new Anthropic({ baseURL: server.url, apiKey: "unused", maxRetries: 0 });
});
afterAll(async () => {
  await server?.stop();
});

/** All tokens of the prompt, wherever they came from. */
function promptTokens({ usage }: Anthropic.Message): number {
  return usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
}

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}

describe.each(CHAT_MODELS)("on %s", (model) => {
  const asked = { ...GREEDY, model, max_tokens: 12, messages: CAPITAL };

  test("a streamed message is the one that comes whole", async () => {
    const stream = anthropic.messages.stream(asked);
    const deltas: string[] = [];
    stream.on("text", (delta) => void deltas.push(delta));
    const streamed: Anthropic.Message = await stream.finalMessage();
    const whole = await anthropic.messages.create(asked);
    expect(textOf(whole)).not.toBe("");
    expect([deltas.join(""), streamed.content, streamed.stop_reason, streamed.usage.output_tokens, promptTokens(streamed)]).toEqual([
      textOf(whole),
      whole.content,
      whole.stop_reason,
      whole.usage.output_tokens,
      promptTokens(whole),
    ]);
  });

  test("a stop sequence ends the message and is named", async () => {
    const whole = textOf(await anthropic.messages.create(asked));
    const word = whole.trim().split(/\s+/)[1]!;
    const message = await anthropic.messages.create({ ...asked, stop_sequences: [word] });
    const expected = { stop_reason: "stop_sequence", stop_sequence: word };
    expect(message).toMatchObject(expected);
    expect(textOf(message)).toBe(whole.slice(0, whole.indexOf(word)));
    expect(await anthropic.messages.stream({ ...asked, stop_sequences: [word] }).finalMessage()).toMatchObject(expected);
  });

  test.each([
    ["a question", {}],
    ["a system prompt and a tool", { system: "Be brief.", tools: [WEATHER] }],
  ])("the tokens of %s are counted as they are used", async (_, change) => {
    const { input_tokens: counted } = await anthropic.messages.countTokens({ model, messages: CAPITAL, ...change });
    expect(promptTokens(await anthropic.messages.create({ ...asked, max_tokens: 1, ...change }))).toBe(counted);
  });

  test("too long a prompt is refused in words that agents know", async () => {
    const messages = [{ role: "user" as const, content: "word ".repeat(12_000) }];
    const refused = await rejection(anthropic.messages.create({ ...asked, messages }));
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({
      error: { error: { message: expect.stringMatching(/^prompt is too long: \d+ tokens > \d+ maximum$/) } },
    });
  });
});

test.each([
  ["at once", {}, ["tool_use"]],
  ["after a thought", { thinking: { type: "enabled" as const, budget_tokens: 1024 } }, ["thinking", "tool_use"]],
])("a tool is used %s, and its result told", async (_, change, blocks) => {
  const request = { ...GREEDY, ...change, tools: [WEATHER] };
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: WEATHER_QUESTION }];
  const stream = anthropic.messages.stream({ ...request, messages });
  let written = "";
  stream.on("inputJson", (part) => void (written += part));
  const first = await stream.finalMessage();
  const use = first.content.find((block) => block.type === "tool_use");
  expect([first.content.map(({ type }) => type), first.stop_reason]).toEqual([blocks as never, "tool_use"]);
  expect([use?.name, use?.input, JSON.parse(written)]).toEqual(["get_weather", { city: "Oslo" }, { city: "Oslo" }]);
  messages.push(
    { role: "assistant", content: first.content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: use!.id, content: WEATHER_RESULT }] },
  );
  const second = await anthropic.messages.stream({ ...request, messages }).finalMessage();
  expect(textOf(second)).toMatch(/18.*rainy/);
  expect(second.stop_reason).toBe("end_turn");
});

test("the tool runner comes to an answer by itself", async () => {
  const cities: unknown[] = [];
  const weather = betaTool({
    name: "get_weather",
    description: WEATHER_ABOUT,
    inputSchema: WEATHER_PARAMETERS,
    run: ({ city }) => {
      cities.push(city);
      return WEATHER_RESULT;
    },
  });
  const last = await anthropic.beta.messages.toolRunner({
    ...GREEDY,
    messages: [{ role: "user", content: WEATHER_QUESTION }],
    tools: [weather],
  });
  expect(cities).toEqual(["Oslo"]);
  expect(last.content.map((block) => (block.type === "text" ? block.text : block.type)).join("")).toMatch(/18.*rainy/);
});

test("thoughts come apart from the answer, whole and in a stream", async () => {
  const request = { ...GREEDY, messages: CAPITAL, thinking: { type: "enabled" as const, budget_tokens: 1024 } };
  const whole = await anthropic.messages.create(request);
  const stream = anthropic.messages.stream(request);
  const thoughts: string[] = [];
  stream.on("thinking", (delta) => void thoughts.push(delta));
  const streamed: Anthropic.Message = await stream.finalMessage();
  const [thought] = whole.content;
  expect(whole.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
  expect(streamed.content).toEqual(whole.content);
  expect(thought?.type === "thinking" && thought.thinking).toBe(thoughts.join(""));
  expect(textOf(whole)).toContain("Paris");
});

test("an unknown model is a NotFoundError", async () => {
  const asked = { ...GREEDY, model: "claude-0", messages: CAPITAL };
  expect(await rejection(anthropic.messages.create(asked))).toBeInstanceOf(NotFoundError);
});
