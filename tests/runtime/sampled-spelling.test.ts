import { expect, setDefaultTimeout, test } from "bun:test";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

/**
 * What the model says, in several tokens; the tokenizer has one for it. History keeps the tokens that were sampled, for the KV cache holds
 * those; nothing else may depend on what was said before.
 */
const SAID = "Once more, and then again.";

const CONTEXT_TOKENS = 256;
/** What a prompt may have: four tokens are the runtime's, one is the answer's. */
const PROMPT_TOKENS_MAX = CONTEXT_TOKENS - 5;
const OPTIONS = { models: { "tiny.gguf": { contextTokens: CONTEXT_TOKENS, says: SAID, userTokens: [SAID] } } };

type Message = { readonly role: string; readonly content: string };
const user = (content: string): Message => ({ role: "user", content });

async function json<T>(server: TestServer, path: string, body: object): Promise<T> {
  const response = await server.post(path, body);
  const reply = (await response.json()) as T;
  expect({ status: response.status, reply }).toMatchObject({ status: 200 });
  return reply;
}

const counted = async (server: TestServer, messages: readonly Message[]) =>
  (await json<{ input_tokens: number }>(server, "/v1/messages/count_tokens", { model: "tiny", messages })).input_tokens;

interface Completion {
  readonly choices: readonly { readonly text: string }[];
  readonly usage: { readonly prompt_tokens: number };
}
const complete = async (server: TestServer, prompt: string | readonly number[], tokensMax: number) =>
  json<Completion>(server, "/v1/completions", { prompt, temperature: 0, max_tokens: tokensMax });

interface Reply {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly usage: { readonly prompt_tokens: number; readonly prompt_tokens_details: { readonly cached_tokens: number } };
}
const chat = async (server: TestServer, messages: readonly Message[], tokensMax: number) =>
  json<Reply>(server, "/v1/chat/completions", { messages, temperature: 0, max_tokens: tokensMax });

/** A first turn with its answer. */
async function firstTurn(server: TestServer): Promise<Message[]> {
  const opening = user("Tell me a story");
  const { choices } = await chat(server, [opening], 60);
  expect(choices[0]!.message.content).toBe(SAID);
  return [opening, { role: "assistant", content: choices[0]!.message.content }];
}

test("vectors, counts and prompts in token ids are the same, whatever the model has said before", async () => {
  await using spoken = await startTestServer(OPTIONS);
  await using silent = await startTestServer(OPTIONS);
  const prompt = "Say it:\n";
  const text = prompt + (await complete(spoken, prompt, 60)).choices[0]!.text;
  const history = [...(await firstTurn(spoken)), user("Go on")];
  const { tokens } = await json<{ tokens: number[] }>(silent, "/v1/tokenize", { prompt: text });
  const of = async (server: TestServer) => ({
    count: await counted(server, history),
    // Before the ids, which would become part of what was said.
    embedding: await json<object>(server, "/v1/embeddings", { input: text }),
    ids: (await complete(server, tokens, 1)).usage.prompt_tokens,
  });
  const expected = await of(silent);
  expect(await of(spoken)).toEqual(expected);
  expect(expected.ids).toBe(tokens.length);
});

test("history that fits only in the tokenizer's own tokens is answered with those", async () => {
  await using spoken = await startTestServer(OPTIONS);
  await using silent = await startTestServer(OPTIONS);
  const history = await firstTurn(spoken);
  const withMore = (words: number) => [...history, user("Go on".padEnd(5 + 2 * words, " x"))];
  let words = 0;
  while ((await counted(silent, withMore(words + 1))) <= PROMPT_TOKENS_MAX) words++;
  // Where there is room, it keeps those that were sampled, which are more.
  const short = await chat(spoken, withMore(0), 1);
  expect(short.usage.prompt_tokens).toBeGreaterThan(await counted(silent, withMore(0)));
  expect(short.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(0);
  const { usage } = await chat(spoken, withMore(words), 1);
  expect(usage.prompt_tokens).toBe(await counted(silent, withMore(words)));
});
