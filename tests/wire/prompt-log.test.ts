/** Whether what clients ask gets into the log: nowhere unless the configuration says so, and then from every dialect. */
import { expect, test } from "bun:test";
import { createServer } from "../../src/api/server.ts";
import { HELLO, type RecordedLog, scriptedEngine, serverOptions } from "../support/scripted-engine.ts";

const TEXT = "a SECRET thing";
const MESSAGES = [{ role: "user", content: TEXT }];
const MODEL = "qwen3-0.6b";

const REQUESTS: readonly (readonly [path: string, body: object])[] = [
  ["/v1/chat/completions", { messages: MESSAGES }],
  ["/v1/completions", { prompt: TEXT }],
  ["/v1/responses", { input: TEXT }],
  ["/v1/messages", { model: MODEL, max_tokens: 9, messages: MESSAGES }],
  ["/api/chat", { model: MODEL, messages: MESSAGES }],
  ["/api/generate", { model: MODEL, prompt: TEXT }],
  ["/api/embed", { model: MODEL, input: TEXT }],
  ["/api/embeddings", { model: MODEL, prompt: TEXT }],
  ["/v1/embeddings", { input: TEXT }],
  ["/v1/rerank", { query: TEXT, documents: ["a"] }],
  ["/v1/cache/warm", { messages: MESSAGES }],
  // What is counted or looked at is not asked.
  ["/v1/tokenize", { content: TEXT }],
  ["/v1/chat/completions", { messages: TEXT }],
  ["/v1/nothing", { messages: TEXT }],
];

async function linesOf(logsPrompts: boolean): Promise<readonly RecordedLog[]> {
  const lines: RecordedLog[] = [];
  const app = createServer(serverOptions(scriptedEngine({ events: HELLO }), { logsPrompts }, lines));
  for (const [path, body] of REQUESTS) {
    await (await app.handle(new Request(`http://localhost${path}`, { method: "POST", body: JSON.stringify(body) }))).text();
  }
  return lines;
}

test("no line holds what a client asked", async () => {
  const lines = await linesOf(false);
  expect(lines.filter(({ message }) => message === "request").length).toBe(REQUESTS.length);
  expect(JSON.stringify(lines)).not.toContain("SECRET");
});

test("where that is configured, what a model is to read is one line for each request, with its id", async () => {
  const prompts = (await linesOf(true)).filter((line) => JSON.stringify(line).includes("SECRET"));
  expect(prompts.map(({ message, facts }) => [message, (facts as { id: string }).id])).toEqual(
    Array.from({ length: 11 }, (_, index) => ["prompt", `r${index + 1}`]),
  );
});
