/** Chats of known lengths, in the words of the benchmark's passage, and how long their first token takes. */
import { askJson } from "../src/bench/ask.ts";
import { PROMPT_SET, promptOfWords, wordsForTokens } from "../src/bench/prompt-set.ts";
import type { CompletionChunk } from "./bare-loop.ts";
import type { Bench } from "./measurement.ts";
import type { BenchModel } from "./models.ts";
import { streamOne } from "./stream-client.ts";

/** A turn of a chat. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** An answer's times and text. */
export interface ChatAnswer {
  readonly firstMs: number;
  readonly totalMs: number;
  readonly sentNs: number;
  readonly text: string;
  /** Tokens of the prompt that the KV cache held. */
  readonly cachedTokens: number;
  readonly promptTokens: number;
}

interface ChatChunk extends Omit<CompletionChunk, "choices"> {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[];
  readonly timings?: { readonly cache_n: number; readonly prompt_n: number };
}

let marks = 0;
/** The beginning of a text that no text before it has had, in this process or another; always as long. */
const run = 10_000 + (Date.now() % 89_999);

/** A text of about so many words that begins like no other. */
export function freshText(words: number): string {
  return promptOfWords(PROMPT_SET, words, `${run}-${1000 + marks++}`);
}

/** How many words make a text of so many tokens in this model. */
export async function wordsOf(server: { readonly url: string }, model: BenchModel, tokens: number): Promise<number> {
  return wordsForTokens(PROMPT_SET, tokens, async (input) => {
    const body = { model: model.id, input };
    return (await askJson<{ input_tokens: number }>({ url: server.url, key: null }, "/v1/responses/input_tokens", body)).input_tokens;
  });
}

/** Asks a chat for its next turn. */
export async function askChat(
  bench: Bench,
  server: { readonly url: string },
  model: BenchModel,
  messages: readonly Message[],
  tokens: number,
): Promise<ChatAnswer> {
  const body = { model: model.id, messages, max_tokens: tokens, temperature: 0, stream: true };
  const reply = await streamOne(bench.native, { url: server.url, path: "/v1/chat/completions", body });
  const chunks = reply.events.map(({ ns, data }) => ({ ns, ...(JSON.parse(data) as ChatChunk) }));
  // A model that answers nothing has its first token with the end of its answer.
  const first = chunks.find(({ choices }) => (choices[0]?.delta.content ?? "") !== "") ?? chunks.at(-1);
  const timings = chunks.find((chunk) => chunk.timings !== undefined)?.timings;
  return {
    firstMs: ((first?.ns ?? reply.endNs) - reply.sentNs) / 1e6,
    totalMs: (reply.endNs - reply.sentNs) / 1e6,
    sentNs: reply.sentNs,
    text: chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
    cachedTokens: timings?.cache_n ?? 0,
    promptTokens: (timings?.cache_n ?? 0) + (timings?.prompt_n ?? 0),
  };
}

/** Answers the turns of a chat. */
export type Answerer = (messages: readonly Message[]) => Promise<ChatAnswer>;

/** A chat that grows: what was said so far, and the means to say more. */
export class Chat {
  readonly #messages: Message[];
  readonly #answerer: Answerer;

  constructor(answerer: Answerer, system?: string) {
    this.#answerer = answerer;
    this.#messages = system === undefined ? [] : [{ role: "system", content: system }];
  }

  /** Says something and hears the answer, which belongs to the chat from then on. */
  async say(content: string): Promise<ChatAnswer> {
    return this.sayTo(this.#answerer, content);
  }

  /** The same, but somebody else answers: a server that was started anew. */
  async sayTo(answerer: Answerer, content: string): Promise<ChatAnswer> {
    this.#messages.push({ role: "user", content });
    const answer = await answerer(this.#messages);
    this.#messages.push({ role: "assistant", content: answer.text });
    return answer;
  }
}
