/** What well-known programs send before and while they talk to Ollama, and what they need to find in the replies. */
import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import type { GenerationEvent } from "../../src/core/generation.ts";
import { ask, finishEvent, HELLO, scriptedEngine } from "../support/scripted-engine.ts";
import type { Script, ScriptedEngine } from "../support/scripted-engine.ts";

type Json = Readonly<Record<string, unknown>>;

/** A client that sends one request after another to the same server. */
function client(script: Script = {}, headers: Record<string, string> = {}) {
  const engine: ScriptedEngine = scriptedEngine(script);
  const send = async (path: string, body?: unknown, method?: string): Promise<Response> =>
    ask(engine, path, { headers, ...(body === undefined ? {} : { body }), ...(method === undefined ? {} : { method }) });
  const json = async (path: string, body?: unknown): Promise<Json> => {
    const response = await send(path, body);
    expect([path, response.status, response.headers.get("content-type")?.split(";")[0]]).toEqual([path, 200, "application/json"]);
    return (await response.json()) as Json;
  };
  const lines = async (path: string, body: unknown): Promise<Json[]> =>
    (await (await send(path, body)).text()).trimEnd().split("\n").map((line) => JSON.parse(line) as Json); // prettier-ignore
  return { engine, send, json, lines };
}

const names = (tags: Json): string[] => (tags["models"] as Json[]).map((model) => String(model["name"]));
const question = [{ role: "user", content: "hi" }];

test("Open WebUI: the version in whole numbers, models by name and model, options of every age, and metrics", async () => {
  const { engine, json, lines } = client({ events: HELLO });
  const { version } = (await json("/api/version")) as { version: string };
  expect(version.replace(/^v|-.*$/g, "").split(".").every((part) => /^\d+$/.test(part))).toBe(true); // prettier-ignore
  const tags = await json("/api/tags");
  expect((tags["models"] as Json[]).every(({ name, model }) => typeof name === "string" && model === name)).toBe(true);
  expect(await json("/api/ps")).toHaveProperty("models");
  const [model = ""] = names(tags);
  const options = { mirostat: 0, tfs_z: 1, num_gqa: 8, repeat_last_n: 64, temperature: 0.8, function_calling: "native", num_keep: 24 };
  const answer = await lines("/api/chat", { model, messages: question, options, stream: true, keep_alive: "5m", format: null });
  expect([answer.at(-1), engine.requests[0]?.request]).toMatchObject([
    { done: true, total_duration: 120_000_000, prompt_eval_duration: 14_000_000, eval_duration: 100_000_000 },
    { sampling: { temperature: 0.8, mirostat: 0 }, keepAliveMs: 300_000 },
  ]);
  expect(await json("/api/generate", { model, prompt: "", keep_alive: 0 })).toMatchObject({ done_reason: "unload" });
});

test("GitHub Copilot: a version it takes, capabilities, and the context's length under the architecture", async () => {
  const { send, json } = client({ events: HELLO }, { "user-agent": "GitHubCopilotChat/0.30.0" });
  const { version } = (await json("/api/version")) as { version: string };
  expect(Bun.semver.order(version, "0.6.4") >= 0).toBe(true);
  const [model = ""] = names(await json("/api/tags"));
  const { capabilities, model_info } = (await json("/api/show", { model })) as { capabilities: string[]; model_info: Json };
  const architecture = String(model_info["general.architecture"]);
  expect([capabilities.includes("tools"), model_info["general.basename"], model_info[`${architecture}.context_length`]]).toEqual([
    true,
    model,
    4096,
  ]);
  expect((await send("/v1/chat/completions", { model, messages: question, stream: true })).status).toBe(200);
});

test("Continue: the context's length among the parameters, no suffix in the template, retired options, and a message it can read", async () => {
  const { engine, send, json, lines } = client({ events: HELLO });
  const { parameters, template } = (await json("/api/show", { name: "qwen3:0.6b" })) as { parameters: string; template: string };
  const params = Object.fromEntries(parameters.split("\n").map((line) => line.trim().split(/\s+/, 2)));
  expect([params["num_ctx"], template.includes(".Suffix")]).toEqual(["4096", false]);
  const options = {
    num_predict: 100,
    num_ctx: 4096,
    mirostat: 0,
    num_gpu: 99,
    num_thread: 4,
    use_mmap: true,
    min_p: 0.1,
    stop: ["<|im_end|>"],
  };
  await lines("/api/chat", { model: "qwen3:0.6b", messages: question, options, keep_alive: 1800, stream: true });
  expect(engine.requests[0]?.request).toMatchObject({ tokensMax: 100, stop: ["<|im_end|>"], keepAliveMs: 1_800_000 });
  const { error } = (await (await send("/api/chat", { model: "llama3.1:8b", messages: question })).json()) as { error: string };
  expect(/model '([^']+)' not found/.exec(error)?.[1]).toBe("llama3.1:8b");
});

test("Home Assistant: keeps the model for ever, and tells the results of calls without saying whose they are", async () => {
  const call: readonly GenerationEvent[] = [
    { kind: "tool_call_start", index: 0, id: "call_a", name: "HassTurnOn" },
    { kind: "tool_call_arguments", index: 0, text: '{"name":"Lamp"}' },
    finishEvent({ reason: "tool_calls" }),
  ];
  const { engine, json, lines } = client({ events: call });
  const [model = ""] = names(await json("/api/tags"));
  const parameters = { type: "object", properties: { name: { type: "string" }, domain: { type: "array", items: { type: "string", enum: ["light"] } } } };
  const tools = [{ type: "function", function: { name: "HassTurnOn", parameters, description: "Turns on" } }];
  const request = { model, tools, stream: true, keep_alive: -1, options: { num_ctx: 8192 }, think: false };
  const messages: Json[] = [{ role: "system", content: "You are a voice assistant." }, { role: "user", content: "Light!" }];
  const first = await lines("/api/chat", { ...request, messages });
  const called = first.map(({ message }) => message as Json).find((message) => "tool_calls" in message);
  expect([called?.["tool_calls"], first.at(-1)]).toMatchObject([
    [{ function: { name: "HassTurnOn", arguments: { name: "Lamp" } } }],
    { done: true, done_reason: "stop", message: { role: "assistant", content: "" } },
  ]);
  await lines("/api/chat", { ...request, messages: [...messages, called, { role: "tool", content: '{"success":true}' }] });
  expect(engine.requests[1]?.request).toMatchObject({
    keepAliveMs: Infinity,
    input: { messages: [{}, {}, { toolCalls: [{ name: "HassTurnOn", arguments: '{"name":"Lamp"}' }] }, { role: "tool", content: '{"success":true}' }] },
  });
}); // prettier-ignore

test("Zed: every text of a model's details is there, and explicit nulls mean nothing", async () => {
  const { json, lines } = client({ events: HELLO });
  const Details = Type.Object({
    format: Type.String(),
    family: Type.String(),
    families: Type.Union([Type.Array(Type.String()), Type.Null()]),
    parameter_size: Type.String(),
    quantization_level: Type.String(),
  });
  const Listed = Type.Object({ name: Type.String(), modified_at: Type.String(), size: Type.Integer(), digest: Type.String(), details: Details });
  const { models } = await json("/api/tags");
  const shown = await json("/api/show", { model: "qwen3:0.6b" });
  expect([(models as Json[]).every((model) => Value.Check(Listed, model)), shown["capabilities"]]).toEqual([
    true,
    ["completion", "tools", "thinking"],
  ]);
  const body = { model: "qwen3:0.6b", messages: [{ role: "user", content: "hi", images: null }], stream: true, keep_alive: -1, options: { num_ctx: 4096, num_predict: null, stop: null, temperature: null, top_p: null }, tools: [], think: null };
  expect((await lines("/api/chat", body)).map(({ done }) => done)).toEqual([false, false, true]);
}); // prettier-ignore

test("LangChain: the model's name is in the list, or begins an entry of it", async () => {
  const all = names(await client().json("/api/tags"));
  expect(["qwen3:0.6b", "qwen3", "org/tiny:1b"].map((model) => all.some((name) => name === model || name.startsWith(`${model}:`)))).toEqual(
    [true, true, true],
  );
});

test("Cline, Roo and Crush: some key of the metadata has the context's length, as a number", async () => {
  const { details, model_info } = (await client().json("/api/show", { model: "qwen3:0.6b" })) as { details: Json; model_info: Json };
  const lengths = Object.entries(model_info).filter(([key]) => key.endsWith(".context_length"));
  expect([details["family"], details["parameter_size"], lengths.map(([, value]) => value)]).toEqual(["qwen3", "0.6B", [4096]]);
});

test("n8n and scanners: the root says that Ollama is running", async () => {
  const response = await client().send("/");
  expect([response.status, await response.text()]).toEqual([200, "Ollama is running"]);
});
