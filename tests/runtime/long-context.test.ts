import { expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** A prompt of 30,000 tokens takes seconds on an idle core, and more on a busy one. */
setDefaultTimeout(180_000);

const CONTEXT_TOKENS = 65_536;
const PATH = "/v1/chat/completions";
/** One layer with one head, trained for 4,096 tokens and stretched sixteenfold, as models with a scaled RoPE are. */
const LONG = {
  contextTokens: CONTEXT_TOKENS,
  layers: 1,
  dim: 32,
  heads: 1,
  metadata: {
    "llama.rope.scaling.type": { type: "string", value: "yarn" },
    "llama.rope.scaling.factor": { type: "f32", value: 16 },
    "llama.rope.scaling.original_context_length": { type: "u32", value: 4096 },
  },
} as const;
const MODELS = { "long.gguf": LONG };
const FLAGS = ["--max-context-len", String(CONTEXT_TOKENS)];

interface Reply {
  readonly choices: readonly { readonly message: { readonly content: string }; readonly finish_reason: string }[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

async function ask(server: TestServer, messages: readonly object[]): Promise<Reply> {
  const response = await server.post(PATH, { messages, temperature: 0, max_tokens: 8 });
  expect(response.status).toBe(200);
  return (await response.json()) as Reply;
}

/** How many tokens a text or a conversation has, as the model itself counts. */
async function countOf(server: TestServer, what: { content: string } | { messages: readonly object[] }): Promise<number> {
  const { tokens } = (await (await server.post("/v1/tokenize", what)).json()) as { tokens: readonly number[] };
  return tokens.length;
}

test("a conversation of more than 30,000 tokens is computed once, counted truly, and refused with exact counts when it is too long", async () => {
  await using server = await startTestServer({ models: MODELS, flags: FLAGS });
  const each = (await countOf(server, { content: "word ".repeat(200) })) / 200;
  const first = { role: "user", content: "word ".repeat(Math.ceil(30_400 / each)) };
  const { choices, usage } = await ask(server, [first]);
  expect(usage.prompt_tokens).toBeGreaterThan(30_000);
  expect(usage).toMatchObject({
    prompt_tokens: await countOf(server, { messages: [first] }),
    completion_tokens: 8,
    total_tokens: usage.prompt_tokens + 8,
    prompt_tokens_details: { cached_tokens: 0 },
  });

  const turns = [first, { role: "assistant", content: choices[0]!.message.content }, { role: "user", content: "Go on" }];
  const { usage: later } = await ask(server, turns);
  // The answer is in the KV cache but for its last token, which was never computed.
  expect(later.prompt_tokens_details.cached_tokens).toBeGreaterThanOrEqual(usage.prompt_tokens + 7);
  expect(later.prompt_tokens - later.prompt_tokens_details.cached_tokens).toBeLessThan(100);

  const much = [...turns, { role: "user", content: "word ".repeat(Math.ceil(36_000 / each)) }];
  const tooLong = await server.post(PATH, { messages: much });
  const { error } = (await tooLong.json()) as { error: object };
  expect({ status: tooLong.status, error }).toMatchObject({
    status: 400,
    error: { code: "context_length_exceeded", n_ctx: CONTEXT_TOKENS, n_prompt_tokens: await countOf(server, { messages: much }) },
  });
});

test("a context of 65,536 tokens is counted before the model is loaded, for each lane of each copy", async () => {
  const modelsDir = temporaryFolder();
  writeTinyGguf(join(modelsDir, "long.gguf"), LONG);
  // Keys and values of one head with 32 channels, 2 bytes a number.
  const needed = statSync(join(modelsDir, "long.gguf")).size + 2 * 32 * 2 * CONTEXT_TOKENS * 2 * 2;
  const askWithin = async (budgetBytes: number) => {
    const flags = [...FLAGS, "--n-batch", "2", "--slots", "2", "--memory-budget-bytes", String(budgetBytes)];
    await using server = await startTestServer({ modelsDir, flags });
    const response = await server.post(PATH, { messages: [{ role: "user", content: "Hi" }], max_tokens: 1 });
    const { error } = (await response.json()) as { error?: { message: string } };
    return { status: response.status, message: error?.message };
  };
  expect(await askWithin(needed)).toEqual({ status: 200, message: undefined });
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const refused = await askWithin(needed - 1_000_000);
  expect(refused.status).toBe(500);
  expect(refused.message).toStartWith(
    `The model long needs about ${megabytes(needed)} of memory, and ${megabytes(needed - 1_000_000)} are free.`,
  );
});
