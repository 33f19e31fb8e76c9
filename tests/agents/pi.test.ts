import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ChatInput, GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { listen } from "../support/api-socket.ts";
import { finishEvent } from "../support/scripted-engine.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { startTestServer } from "../support/test-server.ts";
import { hasPi, runPi } from "./pi.ts";

/** An agent's first prompt is over a thousand tokens, which a busy machine reads for a while. */
setDefaultTimeout(180_000);

const ROOT = join(import.meta.dir, "../..");
const SMOLLM2 = "models/smollm2-135m-instruct";

/** A model that writes a file and, once it hears of it, is done. */
async function* writeNote({ input }: GenerationRequest): AsyncGenerator<GenerationEvent> {
  if ((input as ChatInput).messages.at(-1)?.role === "tool") {
    yield { kind: "text", text: "Written." };
    yield finishEvent();
    return;
  }
  yield { kind: "text", text: "I write it." };
  yield { kind: "tool_call_start", index: 0, id: "call_1", name: "write" };
  yield { kind: "tool_call_arguments", index: 0, text: '{"path":"note.txt",' };
  yield { kind: "tool_call_arguments", index: 0, text: '"content":"Remember the milk."}' };
  yield finishEvent({ reason: "tool_calls" });
}

/** Ends a server and gives every chat request that its log tells of, by its status, and every warning and error. */
async function logged(server: ServerProcess): Promise<string[]> {
  await server.stop();
  return (await server.log).split("\n").flatMap((line) => {
    const status = /path=\/v1\/chat\/completions .*(status=\d+)/.exec(line)?.[1];
    if (status !== undefined) return [status];
    return / (?:warn|error) /.test(line) ? [line] : [];
  });
}

describe.skipIf(!hasPi)("the agent pi (skipped where tests/agents is not installed)", () => {
  test("does what a model's call says, and tells the model what came of it", async () => {
    await using api = listen({ play: writeNote });
    const run = await runPi(api.url, { id: "qwen3-0.6b" }, "Write a note.");
    expect(run).toMatchObject({ exitCode: 0, stdout: "Written.\n", stderr: "" });
    expect(await Bun.file(join(run.folder, "note.txt")).text()).toBe("Remember the milk.");
    const inputs = api.engine.requests.map(({ request }) => request.input as ChatInput);
    expect(inputs.map(({ tools }) => tools.map(({ name }) => name).toSorted())).toEqual([
      ["bash", "edit", "read", "write"],
      ["bash", "edit", "read", "write"],
    ]);
    expect(inputs[1]?.messages.slice(1)).toMatchObject([
      { role: "user", content: "Write a note." },
      { role: "assistant", content: "I write it.", toolCalls: [{ id: "call_1", name: "write" }] },
      { role: "tool", content: expect.stringContaining("note.txt"), toolCallId: "call_1" },
    ]);
    expect(api.lines.filter(({ level }) => level !== "info")).toEqual([]);
  });

  test("is told once that its prompt does not fit, in words that it knows", async () => {
    await using server = await startTestServer({ models: { "tiny.gguf": { contextTokens: 2048 } } });
    const run = await runPi(server.url, { id: "tiny" }, "Say hello.");
    expect(run).toMatchObject({ exitCode: 1, stdout: "" });
    expect(run.stderr).toContain("maximum context length is 2048 tokens");
    expect(await logged(server.server)).toEqual(["status=400"]);
  });

  test.skipIf(!existsSync(join(ROOT, SMOLLM2)))("shows what SmolLM2 answers (skipped where it is not fetched)", async () => {
    const program = [process.execPath, join(ROOT, "src/main.ts"), "serve", "--port", "0"];
    await using server = await startServer([...program, "--models-dir", join(ROOT, "models"), "--max-context-len", "8192"]);
    const run = await runPi(server.url, { id: "smollm2-135m", contextWindow: 8192, maxTokens: 16 }, "Say hello.");
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\w/), stderr: "" });
    expect(await logged(server)).toEqual(["status=200"]);
  });
});
