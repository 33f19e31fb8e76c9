/** What the official clients are shown of the runtime's own figures, on a whole server with a tiny model. */
import { expect, test } from "bun:test";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { startTestServer } from "../support/test-server.ts";

interface Figures {
  readonly cache_n: number;
  readonly prompt_n: number;
  readonly predicted_n: number;
  readonly predicted_ms: number;
  readonly predicted_per_second: number;
  readonly memory_mb: number;
}

/** What holds on any machine: counts that add up, and times and memory that somebody measured. */
function sound(reply: object | undefined, promptTokens: number | undefined): readonly unknown[] {
  const { timings } = reply as { readonly timings: Figures };
  return [
    timings.cache_n + timings.prompt_n === promptTokens,
    timings.predicted_n,
    timings.predicted_ms > 0 && timings.predicted_per_second > 0,
    timings.memory_mb > 1,
  ];
}

test("prefill, decode and memory reach OpenAI's and Ollama's clients, streaming or not", async () => {
  await using server = await startTestServer();
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
  const ollama = new Ollama({ host: server.url });
  const messages = [{ role: "user" as const, content: "Hello" }];
  const asked = { model: "tiny", messages, max_tokens: 4 };

  const whole = await openai.chat.completions.create(asked);
  const chunks = await Array.fromAsync(await openai.chat.completions.create({ ...asked, stream: true }));
  const options = { num_predict: 4 };
  const chat = await ollama.chat({ model: "tiny", messages, options });
  const lines = await Array.fromAsync(await ollama.generate({ model: "tiny", prompt: "Hello", options, stream: true }));

  expect([
    sound(whole, whole.usage?.prompt_tokens),
    sound(chunks.at(-1), whole.usage?.prompt_tokens),
    sound(chat, chat.prompt_eval_count),
    sound(lines.at(-1), lines.at(-1)?.prompt_eval_count),
  ]).toEqual(Array.from({ length: 4 }, () => [true, 4, true, true]));
});
