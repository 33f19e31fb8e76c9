/** A library that ends a run where the model's thought ends, as was reported of 1.3.0: the answer is to be as from one that does not. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const TINY_CHAT = join(import.meta.dir, "../../models/tiny-chat/tiny-chat.gguf");

const QUESTIONS = ["What is the capital of France?", "What is the capital of Norway?"];

interface Reply {
  readonly message: { readonly thinking: string; readonly content: string };
  readonly done_reason: string;
  readonly prompt_eval_count: number;
  readonly timings: { readonly prompt_n: number };
}

/** Both questions at once, each answered with a thought. */
async function answersIn(moods: string, flags: readonly string[]): Promise<readonly Reply[]> {
  const modelsDir = temporaryFolder();
  symlinkSync(TINY_CHAT, join(modelsDir, "tiny-chat.gguf"));
  await using server = await startTestServer({ modelsDir, moods, flags });
  return await Promise.all(
    QUESTIONS.map(async (content) => {
      const messages = [{ role: "user", content }];
      const body = { model: "tiny-chat", messages, think: true, stream: false, options: { temperature: 0 } };
      return (await server.post("/api/chat", body)).json() as Promise<Reply>;
    }),
  );
}

test.each([[[]], [["--n-batch", "2"]], [["--isolation", "thread"]]])(
  "the answer goes on behind the thought, which is not read again %j",
  async (flags: readonly string[]) => {
    const [whole, ended] = [await answersIn("", flags), await answersIn("thought-ends", flags)];
    expect(whole.map(({ message }) => message.thinking.length > 20)).toEqual([true, true]);
    expect(ended.map(({ message, done_reason, prompt_eval_count }) => ({ message, done_reason, prompt_eval_count }))).toEqual(
      whole.map(({ message, prompt_eval_count }) => ({ message, done_reason: "stop", prompt_eval_count })),
    );
    for (const { timings, prompt_eval_count } of ended) expect(timings.prompt_n).toBeLessThan(prompt_eval_count + 5);
  },
);
