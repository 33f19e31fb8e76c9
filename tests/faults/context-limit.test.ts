/** A model that allows less context than was promised for it, with real hosts. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

const CHAT = { model: "tiny", messages: [{ role: "user", content: "Hi" }], max_tokens: 1 };

interface Replies {
  readonly available: { readonly data: readonly { readonly context_length: number }[] };
  readonly running: { readonly models: readonly { readonly context_length: number }[] };
  readonly shown: { readonly model_info: Readonly<Record<string, unknown>>; readonly parameters: string };
}

async function jsonOf<T>(response: Promise<Response>): Promise<T> {
  return (await (await response).json()) as T;
}

/** As /v1/models/available, /api/ps and /api/show tell it. */
async function contexts({ url, post }: TestServer): Promise<unknown> {
  const available = await jsonOf<Replies["available"]>(fetch(`${url}/v1/models/available`));
  const running = await jsonOf<Replies["running"]>(fetch(`${url}/api/ps`));
  const shown = await jsonOf<Replies["shown"]>(post("/api/show", { model: "tiny" }));
  return [
    available.data[0]?.context_length,
    running.models.map((model) => model.context_length),
    shown.model_info["llama.context_length"],
    /num_ctx +(\d+)/.exec(shown.parameters)?.[1],
  ];
}

test("a context that the model does not allow is lowered, said everywhere, kept to, and remembered", async () => {
  await using server = await startTestServer({ models: {}, flags: ["--max-context-len", "2048"] });
  const folder = join(server.modelsDir, "tiny");
  mkdirSync(folder);
  writeTinyGguf(join(folder, "tiny.gguf"), { contextTokens: 256 });
  const written = { contextTokensMax: 1024 };
  writeFileSync(join(folder, "model.json"), JSON.stringify(written));
  expect(await contexts(server)).toEqual([1024, [], 1024, "1024"]);

  expect((await server.post("/v1/chat/completions", CHAT)).status).toBe(200);
  expect(await contexts(server)).toEqual([256, [256], 256, "256"]);
  const long = await server.post("/v1/chat/completions", { ...CHAT, messages: [{ role: "user", content: "long ".repeat(300) }] });
  expect([long.status, await long.text()]).toEqual([400, expect.stringContaining("maximum context length is 256 tokens.")]);
  const learnt: unknown = { "tiny.gguf": { bytes: expect.any(Number), modifiedMs: expect.any(Number), contextTokensMax: 256 } };
  expect(JSON.parse(readFileSync(join(folder, "model.json"), "utf8"))).toEqual({ ...written, learnt });

  await server.server.stop();
  expect(await server.server.log).toContain("context lowered to what the model allows model=tiny asked=1024 contextTokens=256");
});
