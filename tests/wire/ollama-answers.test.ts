/** What is in the answers of /api/chat and /api/generate beside words. */
import { describe, expect, test } from "bun:test";
import type { Engine } from "../../src/engine/engine.ts";
import type { Script } from "../support/scripted-engine.ts";
import { ask, CALLS, finishEvent, HELLO, scriptedEngine } from "../support/scripted-engine.ts";

type Json = Readonly<Record<string, unknown>>;

const NAME = "qwen3-0.6b";
const CHAT = { model: NAME, messages: [{ role: "user", content: "hi" }] };
const PROMPT = { model: NAME, prompt: "hi" };

async function reply(script: Script | Engine, path: string, body: unknown): Promise<{ status: number; body: Json }> {
  const response = await ask(script, path, { body });
  return { status: response.status, body: (await response.json()) as Json };
}

describe("the last object", () => {
  const METRICS = ["total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"] as const;

  test.each(["/api/chat", "/api/generate"])("of %s alone has metrics, streamed or not", async (path) => {
    const body = { ...CHAT, ...PROMPT };
    const whole = (await reply({}, path, { ...body, stream: false })).body;
    const lines = (await (await ask({}, path, { body })).text()).trimEnd().split("\n").map((line) => JSON.parse(line) as Json); // prettier-ignore
    const figures = { total_duration: 120_000_000, load_duration: 1_500_000, prompt_eval_count: 11, prompt_eval_duration: 14_000_000, eval_count: 2, eval_duration: 100_000_000 }; // prettier-ignore
    expect([whole, lines.at(-1)]).toMatchObject([figures, figures]);
    expect(lines.slice(0, -1).some((line) => METRICS.some((name) => name in line))).toBe(false);
  });

  test("never tells a duration of nothing: clients divide by it", async () => {
    const timings = { loadMs: 0, queueMs: 0, prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0, totalMs: 0 };
    const usage = { promptTokens: 11, cachedTokens: 11, completionTokens: 0, reasoningTokens: 0 };
    const { body } = await reply({ events: [finishEvent({ usage, timings })] }, "/api/chat", { ...CHAT, stream: false });
    expect(METRICS.map((name) => body[name])).toEqual([1, 1, 11, 1, 0, 1]);
  });

  test.each([
    ["stop", "stop"],
    ["tool_calls", "stop"],
    ["length", "length"],
  ] as const)("of an answer that ended with %s says %s", async (reason, said) => {
    const events = [finishEvent({ reason })];
    const whole = await reply({ events }, "/api/chat", { ...CHAT, stream: false });
    const line = JSON.parse(await (await ask({ events }, "/api/chat", { body: CHAT })).text()) as Json;
    expect([whole.body["done_reason"], line["done_reason"]]).toEqual([said, said]);
  });
});

test("calls come whole on a line that is not the last, with arguments as an object, an id and an index", async () => {
  const events = [...CALLS, finishEvent({ reason: "tool_calls" })];
  const lines = (await (await ask({ events }, "/api/chat", { body: CHAT })).text()).trimEnd().split("\n").map((line) => JSON.parse(line) as { message: Json; done: boolean }); // prettier-ignore
  const whole = await reply({ events }, "/api/chat", { ...CHAT, stream: false });
  const calls = [
    { id: "call_a", function: { index: 0, name: "get_weather", arguments: { city: "Oslo" } } },
    { id: "call_b", function: { index: 1, name: "get_time", arguments: {} } },
  ];
  expect([lines.flatMap(({ message }) => message["tool_calls"] ?? []), (whole.body["message"] as Json)["tool_calls"]]).toEqual([
    calls,
    calls,
  ]);
  expect(lines.map(({ message, done }) => [typeof message["content"], message["role"], done])).toEqual(
    lines.map((_, index) => ["string", "assistant", index === lines.length - 1]),
  );
  expect(lines.at(-1)?.message).toEqual({ role: "assistant", content: "" });
});

describe("generate", () => {
  test("its context goes on where it ended, streamed or not", async () => {
    const engine = scriptedEngine({ events: [{ kind: "reasoning", text: "Hm." }, ...HELLO] });
    const whole = await reply(engine, "/api/generate", { ...PROMPT, system: "Be brief.", stream: false });
    const lines = (await (await ask(engine, "/api/generate", { body: { ...PROMPT, system: "Be brief." } })).text()).trimEnd().split("\n");
    const last = JSON.parse(lines.at(-1) ?? "") as Json;
    await reply(engine, "/api/generate", { model: NAME, prompt: "more", stream: false, context: whole.body["context"] });
    expect([last["context"], lines.slice(0, -1).some((line) => line.includes("context")), engine.requests.at(-1)?.request.input]).toEqual([
      whole.body["context"],
      false,
      {
        kind: "chat",
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "hi" },
          { role: "assistant", content: "Hello" },
          { role: "user", content: "more" },
        ],
        tools: [],
      },
    ]);
  });

  test("raw text has no context, and neither has what was filled in", async () => {
    const script: Script = { capabilities: ["completion", "insert"] };
    const raw = await reply(script, "/api/generate", { ...PROMPT, raw: true, stream: false });
    const infill = await reply(script, "/api/generate", { ...PROMPT, suffix: "x", stream: false });
    expect([raw.status, "context" in raw.body, infill.status, "context" in infill.body]).toEqual([200, false, 200, false]);
  });

  test("the prompt alone can be asked for", async () => {
    const rendered = await reply({}, "/api/generate", { ...PROMPT, _debug_render_only: true });
    const chat = await reply({}, "/api/chat", { ...CHAT, _debug_render_only: true });
    expect([rendered.body, chat.body]).toMatchObject([
      { response: "", _debug_info: { rendered_template: "<user>hi" } },
      { message: { content: "" }, _debug_info: { rendered_template: "<user>hi" } },
    ]);
  });
});
