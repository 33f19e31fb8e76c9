import { describe, expect, test } from "bun:test";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import { AppError } from "../../../src/core/errors.ts";
import type { ChatInput, GenerationEvent, GenerationRequest, ToolDefinition } from "../../../src/core/generation.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import type { BatchMember, OutputFormat, PromptRequest, RuntimeSlot } from "../../../src/core/runtime.ts";
import { createEngine } from "../../../src/engine/create-engine.ts";
import { eventsOf } from "../../support/generation.ts";
import { ONE_MODEL_ENGINE } from "../../support/one-model-engine.ts";
import { playRun } from "../../support/running-batch.ts";

const MODEL = { id: "tiny", path: "/tiny.gguf", bytes: 1, modifiedMs: 1 } as ModelDescriptor;
const QWEN: OutputFormat = { reasoning: { open: "<think>", close: "</think>", begun: false }, toolSyntax: "hermes" };
const WEATHER: ToolDefinition = {
  name: "get_weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>';
const BAD_CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": 7}}\n</tool_call>';
const PERSON = { type: "object", properties: { name: { type: "string" }, age: { type: "integer" } }, required: ["name", "age"] };

/** What one run says, in pieces; `cut`: the token limit ends it. */
interface Said {
  readonly text: string;
  readonly cut?: true;
}

/** An engine whose model says one text after another, four characters a token, and notes what it was asked and how far it was let speak. */
function engineSaying(...answers: readonly (string | Said)[]) {
  return engineWith({}, ...answers);
}

/** @param estimated its prompts are not counted but estimated */
function engineWith(
  { contextTokens = 1000, ...counting }: { contextTokens?: number; estimated?: true },
  ...answers: readonly (string | Said)[]
) {
  const prompts: PromptRequest[] = [];
  const spoken: string[] = [];
  const limits: number[] = [];
  const held = new Set<number>();
  const slot: RuntimeSlot = {
    capabilities: { version: "1.3.0", perRunSampling: true, contextTokens },
    prepare: async (prompt: PromptRequest) => {
      const opening = prompt.opening?.kind === "text" ? prompt.opening.text : "";
      held.add(prompts.push(prompt));
      return { promptId: prompts.length, promptTokens: 10 * prompts.length, ...counting, format: QWEN, opening, prefixes: [] };
    },
    discard: (id: number) => void held.delete(id),
    run: async ({ members: [member] }: { members: [BatchMember] }) =>
      playRun([member], async function* () {
        const { promptId, tokensMax, signal } = member;
        held.delete(promptId);
        limits.push(tokensMax);
        const answer = answers[spoken.length] ?? "";
        const { text, cut } = typeof answer === "string" ? { text: answer, cut: undefined } : answer;
        const index = spoken.push("") - 1;
        for (let at = 0; at < text.length && !signal.aborted; at += 4) {
          spoken[index] += text.slice(at, at + 4);
          yield { kind: "text" as const, text: text.slice(at, at + 4), tokens: 1 };
        }
        const reason = signal.aborted ? ("aborted" as const) : cut === undefined ? ("stop" as const) : ("length" as const);
        yield { kind: "end" as const, reason, stats: { prefillTokens: 4, prefillMs: 1, decodeTokens: 1, decodeMs: 1, memoryMb: 1 } };
      }),
    close: async () => {},
  } as unknown as RuntimeSlot;
  const engine = createEngine({
    ...ONE_MODEL_ENGINE,
    catalog: { recall: () => null, resolve: async () => MODEL } as unknown as Catalog,
    openSlot: async () => slot,
    answerRetriesMax: 2,
  });
  return { engine, prompts, spoken, limits, held };
}

function request(change: Partial<Omit<GenerationRequest, "input">> & { input?: Partial<ChatInput> } = {}): GenerationRequest {
  const { input, ...rest } = change;
  return {
    id: "r1",
    model: "",
    reasoning: { mode: "auto" },
    sampling: {},
    stop: [],
    ...rest,
    input: { kind: "chat", messages: [{ role: "user", content: "Hi" }], tools: [], ...input },
  };
}

/** Neighbouring pieces of text and thoughts joined, ids and figures of the finish left out. */
async function answerOf(engine: ReturnType<typeof engineSaying>["engine"], asked: GenerationRequest): Promise<unknown[]> {
  const events: Record<string, unknown>[] = [];
  for (const event of await eventsOf(await engine.generate(asked, new AbortController().signal))) {
    const last = events.at(-1);
    if ((event.kind === "text" || event.kind === "reasoning") && last?.["kind"] === event.kind)
      last["text"] = `${String(last["text"])}${event.text}`;
    else events.push(shown(event));
  }
  return events;
}

function shown(event: GenerationEvent): Record<string, unknown> {
  if (event.kind === "finish") return { finish: event.reason };
  if (event.kind === "tool_call_start") return { call: event.name };
  return event.kind === "tool_call_arguments" ? { arguments: event.text } : { ...event };
}

async function faultOf(engine: ReturnType<typeof engineSaying>["engine"], asked: GenerationRequest): Promise<AppError> {
  return answerOf(engine, asked).then(
    () => expect.unreachable("the request fails"),
    (thrown: unknown) => AppError.from(thrown),
  );
}

const OSLO = [{ call: "get_weather" }, { arguments: '{"city": "Oslo"}' }, { finish: "tool_calls" }];

test("a thought, a text and calls come apart, and the finish says that there are calls", async () => {
  const { engine } = engineSaying(`<think>\nHm.\n</think>\n\nI look.\n${CALL}\n${CALL}`);
  expect(await answerOf(engine, request({ input: { tools: [WEATHER] } }))).toEqual([
    { kind: "reasoning", text: "Hm." },
    { kind: "text", text: "I look." },
    ...OSLO.slice(0, 2),
    ...OSLO,
  ]);
});

test("tokens of a thought are counted as such", async () => {
  const { engine } = engineSaying("<think>\nabcdefgh\n</think>\n\nYes.");
  const events = await eventsOf(await engine.generate(request(), new AbortController().signal));
  // Eight tokens of four characters: two until the tag stands, two with the thought, three with its end.
  expect(events.at(-1)).toMatchObject({ usage: { completionTokens: 8, reasoningTokens: 5 } });
});

test("with one call at a time the model is stopped after the first", async () => {
  const { engine, spoken } = engineSaying(`${CALL}\n${CALL}`);
  expect(await answerOf(engine, request({ input: { tools: [WEATHER], parallelToolCalls: false } }))).toEqual(OSLO);
  expect(spoken[0]?.length).toBeLessThan(CALL.length + 8);
});

test("a call that does not fit its function is shown to the model, and only the better one reaches the client", async () => {
  const { engine, prompts } = engineSaying(BAD_CALL, CALL);
  expect(await answerOf(engine, request({ input: { tools: [WEATHER] } }))).toEqual(OSLO);
  const turns = prompts[1]?.input.kind === "chat" ? prompts[1].input.messages : [];
  expect(turns.at(-2)?.content).toContain('"city": 7');
  expect(turns.at(-1)?.content).toMatch(/^That is not a valid call: .*city.*\. Answer with the call alone\.$/);
});

test("a call that does not fit twice goes to the client, who can say what is wrong", async () => {
  const { engine, spoken } = engineSaying(BAD_CALL, BAD_CALL, CALL);
  expect(await answerOf(engine, request({ input: { tools: [WEATHER] } }))).toEqual([
    { call: "get_weather" },
    { arguments: '{"city": 7}' },
    { finish: "tool_calls" },
  ]);
  expect(spoken).toHaveLength(2);
});

test("a call that does not fit goes to the client where the context has no room for another try", async () => {
  const { engine, spoken, held } = engineWith({ contextTokens: 20 }, BAD_CALL, CALL);
  expect(await answerOf(engine, request({ input: { tools: [WEATHER] } }))).toEqual([
    { call: "get_weather" },
    { arguments: '{"city": 7}' },
    { finish: "tool_calls" },
  ]);
  expect({ tries: spoken.length, held: held.size }).toEqual({ tries: 1, held: 0 });
});

test("all tries together have no more tokens than the client gave the answer", async () => {
  const { engine, limits } = engineSaying(BAD_CALL, { text: CALL, cut: true });
  const asked = request({ tokensMax: 30, input: { tools: [WEATHER] } });
  const finish = (await eventsOf(await engine.generate(asked, new AbortController().signal))).at(-1);
  const spent = Math.ceil(BAD_CALL.length / 4);
  expect(limits).toEqual([30, 30 - spent]);
  expect(finish).toMatchObject({ usage: { completionTokens: spent + Math.ceil(CALL.length / 4) } });
});

test("there is no other try where the first has taken all the tokens, and nothing of it is kept", async () => {
  const { engine, spoken, held } = engineSaying(BAD_CALL, CALL);
  const asked = request({ tokensMax: Math.ceil(BAD_CALL.length / 4), input: { tools: [WEATHER] } });
  expect(await answerOf(engine, asked)).toEqual([{ call: "get_weather" }, { arguments: '{"city": 7}' }, { finish: "tool_calls" }]);
  expect({ tries: spoken.length, held: held.size }).toEqual({ tries: 1, held: 0 });
});

test("an empty line stands between the thoughts of two tries, and only there", async () => {
  const thinking = (thought: string, call: string) => `<think>\n${thought}\n</think>\n\n${call}`;
  const asked = request({ reasoning: { mode: "on" }, input: { tools: [WEATHER] } });
  const both = engineSaying(thinking("Seven, maybe.", BAD_CALL), thinking("Oslo, then.", CALL));
  expect((await answerOf(both.engine, asked))[0]).toEqual({ kind: "reasoning", text: "Seven, maybe.\n\nOslo, then." });
  const second = engineSaying(thinking("", BAD_CALL), thinking("Oslo, then.", CALL));
  expect((await answerOf(second.engine, asked))[0]).toEqual({ kind: "reasoning", text: "Oslo, then." });
});

test("a call that is no call twice is shown as the model wrote it", async () => {
  const garbage = "<tool_call>\nget the weather\n</tool_call>";
  const { engine } = engineSaying(garbage, garbage);
  const answer = await answerOf(engine, request({ input: { tools: [WEATHER] } }));
  expect(answer).toEqual([{ kind: "text", text: expect.stringContaining("get the weather") }, { finish: "stop" }]);
});

test("a call that the token limit cut in two is left out", async () => {
  const { engine, spoken } = engineSaying({ text: CALL.slice(0, -20), cut: true });
  expect(await answerOf(engine, request({ input: { tools: [WEATHER] } }))).toEqual([{ finish: "length" }]);
  expect(spoken).toHaveLength(1);
});

test("a call that must come is begun for the model, which does not think then", async () => {
  const { engine, prompts } = engineSaying(CALL);
  await answerOf(engine, request({ input: { tools: [WEATHER], toolChoice: { mode: "required" } } }));
  expect(prompts[0]).toMatchObject({ opening: { kind: "tool_call", name: "get_weather" }, reasoning: { mode: "off" } });
});

test("a model that was told to think begins a call that must come by itself", async () => {
  const { engine, prompts } = engineSaying(`<think>\nHm.\n</think>\n\n${CALL}`);
  const asked = request({ reasoning: { mode: "on" }, input: { tools: [WEATHER], toolChoice: { mode: "required" } } });
  expect(await answerOf(engine, asked)).toEqual([{ kind: "reasoning", text: "Hm." }, ...OSLO]);
  expect(prompts[0]).toMatchObject({ reasoning: { mode: "on" } });
  expect(prompts[0]?.opening).toBeUndefined();
});

test("words in place of a call that must come fail the request, with the words", async () => {
  const { engine, spoken, held } = engineSaying("It is warm.", "Warm!");
  const asked = request({ reasoning: { mode: "on" }, input: { tools: [WEATHER], toolChoice: { mode: "required" } } });
  expect(await faultOf(engine, asked)).toMatchObject({ code: "output_invalid", details: { partialText: "Warm!" } });
  expect([spoken.length, held.size]).toEqual([2, 0]);
});

test("another function than the one that must be called is refused", async () => {
  const { engine } = engineSaying(CALL, CALL);
  const tools = [WEATHER, { name: "get_time" }];
  const fault = await faultOf(engine, request({ input: { tools, toolChoice: { mode: "function", name: "get_time" } } }));
  expect(fault.message).toContain("get_time, not get_weather");
});

test("JSON ends with its last bracket, and the model with it", async () => {
  const { engine, spoken, prompts } = engineSaying(`name": "Ada", "age": 36}${" and more".repeat(20)}`);
  const asked = request({ responseFormat: { kind: "json_schema", schema: PERSON } });
  expect(await answerOf(engine, asked)).toEqual([{ kind: "text", text: '{"name": "Ada", "age": 36}' }, { finish: "stop" }]);
  expect(spoken[0]?.length).toBeLessThan(40);
  expect(prompts[0]).toMatchObject({ opening: { kind: "text", text: '{"' }, reasoning: { mode: "off" } });
});

test("JSON that does not fit is broken off, and the model is shown what was wrong", async () => {
  const { engine, spoken, prompts } = engineSaying(`name": 5${", and so on".repeat(20)}`, 'name": "Ada", "age": 36}');
  const asked = request({ responseFormat: { kind: "json_schema", schema: PERSON } });
  expect(await answerOf(engine, asked)).toEqual([{ kind: "text", text: '{"name": "Ada", "age": 36}' }, { finish: "stop" }]);
  expect(spoken[0]?.length).toBeLessThan(20);
  const turns = prompts[1]?.input.kind === "chat" ? prompts[1].input.messages : [];
  expect(turns.at(-1)?.content).toMatch(/^That is not valid: .*"name".*\. Answer with the JSON alone\.$/);
});

test("a line break in a text of the JSON is no reason for another try, and reaches the client as JSON spells it", async () => {
  const { engine, spoken } = engineSaying('name": "Ada\nLovelace", "age": 36}');
  const asked = request({ responseFormat: { kind: "json_schema", schema: PERSON } });
  expect(await answerOf(engine, asked)).toEqual([{ kind: "text", text: '{"name": "Ada\\nLovelace", "age": 36}' }, { finish: "stop" }]);
  expect(spoken).toHaveLength(1);
});

test("JSON that never fits fails the request after the last try, with what there was", async () => {
  const { engine, spoken } = engineSaying("no", "no", "no", "no");
  const fault = await faultOf(engine, request({ responseFormat: { kind: "json_object" } }));
  expect(fault).toMatchObject({ code: "output_invalid", details: { partialText: expect.stringContaining("no") } });
  expect(spoken).toHaveLength(3);
});

test("JSON that the token limit cut in two reaches the client as far as it came", async () => {
  const { engine, spoken } = engineSaying({ text: 'name": "Ad', cut: true });
  const asked = request({ responseFormat: { kind: "json_object" } });
  expect(await answerOf(engine, asked)).toEqual([{ kind: "text", text: '{"name": "Ad' }, { finish: "length" }]);
  expect(spoken).toHaveLength(1);
});

test("JSON whose last bracket waited for a stop sequence is whole, though the token limit ended it", async () => {
  const { engine } = engineSaying({ text: 'a": 1}', cut: true });
  expect(await answerOf(engine, request({ responseFormat: { kind: "json_object" }, stop: ["}\n\n"] }))).toEqual([
    { kind: "text", text: '{"a": 1}' },
    { finish: "stop" },
  ]);
});

test("with functions on offer the answer may be a call in place of JSON", async () => {
  const { engine } = engineSaying(CALL);
  expect(await answerOf(engine, request({ responseFormat: { kind: "json_object" }, input: { tools: [WEATHER] } }))).toEqual(OSLO);
});

test("a schema that is none is refused before anything is loaded for it", async () => {
  const { engine, prompts } = engineSaying();
  const asked = request({ responseFormat: { kind: "json_schema", schema: { type: "banana" } } });
  expect(await faultOf(engine, asked)).toMatchObject({ code: "invalid_request", details: { field: "response_format" } });
  expect(prompts).toEqual([]);
});

test("an unfinished last turn is gone on with", async () => {
  const { engine, prompts } = engineSaying("is blue.");
  const messages = [
    { role: "user", content: "The sky?" },
    { role: "assistant", content: "The sky " },
  ] as const;
  expect(await answerOf(engine, request({ input: { messages, continueLast: true } }))).toEqual([
    { kind: "text", text: "is blue." },
    { finish: "stop" },
  ]);
  expect(prompts[0]).toMatchObject({ opening: { kind: "text", text: "The sky " }, input: { messages: [messages[0]] } });
});

test("the finish names the stop sequence that ended the answer", async () => {
  const { engine } = engineSaying("One. Two. Three.");
  const events = await eventsOf(await engine.generate(request({ stop: ["Two"] }), new AbortController().signal));
  expect(events.at(-1)).toMatchObject({ kind: "finish", reason: "stop", stopSequence: "Two" });
});

test("a plain text is held to JSON, too, begun for the model and tried once", async () => {
  const { engine, prompts, spoken } = engineSaying('a": 1} and more', "no");
  const asked: GenerationRequest = {
    ...request({ responseFormat: { kind: "json_object" } }),
    input: { kind: "completion", prompt: "JSON:" },
  };
  expect(await answerOf(engine, asked)).toEqual([{ kind: "text", text: '{"a": 1}' }, { finish: "stop" }]);
  expect(prompts[0]).toMatchObject({ input: { prompt: "JSON:" }, opening: { kind: "text", text: '{"' } });
  expect(await faultOf(engine, asked)).toMatchObject({ code: "output_invalid" });
  expect(spoken).toHaveLength(2);
});

test("an object with every key that it may have ends there, whatever the model would add", async () => {
  const { engine, spoken } = engineSaying(`name": "Ada", "age": 36, "and": ${'"more" '.repeat(20)}}`);
  const asked = request({ responseFormat: { kind: "json_schema", schema: { ...PERSON, additionalProperties: false } } });
  expect(await answerOf(engine, asked)).toEqual([{ kind: "text", text: '{"name": "Ada", "age": 36}' }, { finish: "stop" }]);
  expect(spoken[0]?.length).toBeLessThan(40);
});

test("the model is shown functions without what says nothing", async () => {
  const { engine, prompts } = engineSaying("Hm.");
  const bounds = { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
  const parameters = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { a: { type: "integer", ...bounds } },
  };
  await answerOf(engine, request({ input: { tools: [{ name: "f", parameters }] } }));
  expect(prompts[0]?.input).toMatchObject({
    tools: [{ name: "f", parameters: { type: "object", properties: { a: { type: "integer" } } } }],
  });
  expect(JSON.stringify(prompts[0])).not.toMatch(/schema|minimum|maximum/);
});

test("words that the client has read are not said again: the call behind them goes out as it is", async () => {
  const { engine, spoken } = engineSaying(`Let me look.\n${BAD_CALL}`, `Let me look.\n${CALL}`);
  expect(await answerOf(engine, request({ input: { tools: [WEATHER] } }))).toEqual([
    { kind: "text", text: "Let me look." },
    { call: "get_weather" },
    { arguments: '{"city": 7}' },
    { finish: "tool_calls" },
  ]);
  expect(spoken).toHaveLength(1);
});

test("a schema that is none is named by the place where the client put it", async () => {
  const { engine } = engineSaying();
  const asked = request({ responseFormat: { kind: "json_schema", schema: { type: "banana" }, field: "text.format.schema" } });
  const { details, message } = await faultOf(engine, asked);
  expect([details.field, message]).toEqual(["text.format.schema", expect.stringMatching(/^text\.format\.schema\.type /)]);
});

test("an answer that only repeats itself is ended as by its token limit, long before the model would end it", async () => {
  const { engine, spoken } = engineSaying(`Once upon a time. ${"And then the dog ran home. ".repeat(1000)}`);
  const events = await answerOf(engine, request());
  expect([events.at(-1), spoken[0]!.length < 4000]).toEqual([{ finish: "length" }, true]);
});

test("what is repeated for a reason is left to be", async () => {
  const ruler = "-".repeat(1000);
  const table = Array.from({ length: 200 }, (_, row) => `| ${row} | 0 | 0 | 0 |`).join("\n");
  const { engine } = engineSaying(`${ruler}\n${table}\n${"la ".repeat(200)}`);
  expect((await answerOf(engine, request())).at(-1)).toEqual({ finish: "stop" });
});

test.each([
  ["counted", {}, 6],
  ["only estimated", { estimated: true }, 0],
] as const)("what was not computed came from the KV cache where the prompt's tokens are known: %s", async (_, counting, cachedTokens) => {
  const { engine } = engineWith(counting, "Hello");
  const events = await eventsOf(await engine.generate(request(), new AbortController().signal));
  expect(events.at(-1)).toMatchObject({ usage: { promptTokens: 10, cachedTokens } });
});

describe("an answer that is nothing but a thought, as of a library that ends the run where a thought ends,", () => {
  const HELLO = [{ kind: "reasoning", text: "hm" }, { kind: "text", text: "Hello" }, { finish: "stop" }];

  test.each(["<think>hm</think>", "<think>hm", "<think>hm</think>\n\n"])("goes on behind it: %j", async (thought) => {
    const { engine, prompts } = engineSaying(thought, "Hello");
    expect(await answerOf(engine, request())).toEqual(HELLO);
    expect(prompts.map(({ opening }) => opening)).toEqual([undefined, { kind: "thought", text: "<think>hm" }]);
  });

  test("goes on behind an empty thought, too", async () => {
    const { engine, prompts } = engineSaying("\n<think>\n\n</think>", "Hello");
    expect(await answerOf(engine, request())).toEqual([{ kind: "text", text: "Hello" }, { finish: "stop" }]);
    expect(prompts.map(({ opening }) => opening)).toEqual([undefined, { kind: "thought", text: "\n<think>\n\n" }]);
  });

  test("is judged when it has gone on, and counted as one", async () => {
    const { engine, spoken, limits } = engineSaying("<think>hm</think>", '{"name": "Ann", "age": 7}');
    const asked = request({
      tokensMax: 50,
      reasoning: { mode: "on" },
      responseFormat: { kind: "json_schema", schema: PERSON },
    });
    const events = await eventsOf(await engine.generate(asked, new AbortController().signal));
    expect(events.at(-1)).toMatchObject({ usage: { completionTokens: 12, reasoningTokens: expect.any(Number) } });
    expect([spoken.length, limits]).toEqual([2, [50, 45]]);
  });

  test("is not asked for once more where it goes on with nothing, and not where it ends for another reason", async () => {
    const silent = engineSaying("<think>hm</think>", "<think>hm</think>", "Hello");
    expect(await answerOf(silent.engine, request())).toEqual([{ kind: "reasoning", text: "hm\n\nhm" }, { finish: "stop" }]);
    const cut = engineSaying({ text: "<think>hm</think>", cut: true }, "Hello");
    expect(await answerOf(cut.engine, request())).toEqual([{ kind: "reasoning", text: "hm" }, { finish: "length" }]);
    const whole = engineSaying("<think>hm</think>Hello", "Again");
    expect(await answerOf(whole.engine, request())).toEqual(HELLO);
    expect([silent, cut, whole].map(({ spoken }) => spoken.length)).toEqual([2, 1, 1]);
  });

  test("is given as it is where the context has no room for more", async () => {
    const { engine, spoken } = engineWith({ contextTokens: 20 }, "<think>hm</think>", "Hello");
    expect(await answerOf(engine, request())).toEqual([{ kind: "reasoning", text: "hm" }, { finish: "stop" }]);
    expect(spoken).toHaveLength(1);
  });
});
