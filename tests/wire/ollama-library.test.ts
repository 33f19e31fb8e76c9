import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/core/errors.ts";
import { ask } from "../support/scripted-engine.ts";
import { type LibraryScript, scriptedLibrary } from "../support/scripted-library.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

async function asked(path: string, body: unknown, script: LibraryScript = {}, method = "POST") {
  const library = scriptedLibrary(script);
  const reply = await ask({}, path, { body, method }, { library });
  return { status: reply.status, type: reply.headers.get("content-type") ?? "", text: await reply.text(), calls: library.calls };
}

describe("create", () => {
  test("hands on what is understood, with values that a runtime can take", async () => {
    const { calls } = await asked("/api/create", {
      name: "registry.ollama.ai/library/Mario:latest",
      from: "qwen3:0.6b",
      system: "You are Mario.",
      parameters: { temperature: 9, top_k: 4.7, num_ctx: 4, stop: "END", seed: 3, min_p: null },
      messages: [{ role: "User", content: "Who?" }, { role: "assistant" }],
      license: "MIT",
      info: { context_length: 512, parameter_size: "1B", capabilities: ["completion", "tools"] },
    });
    expect(calls).toEqual([
      [
        "create",
        {
          name: "Mario",
          from: "qwen3:0.6b",
          files: {},
          adapters: {},
          system: "You are Mario.",
          parameters: { temperature: 2, top_k: 4, num_ctx: 32, stop: ["END"], seed: 3 },
          messages: [
            { role: "user", content: "Who?" },
            { role: "assistant", content: "" },
          ],
          licenses: ["MIT"],
          facts: { contextTokensMax: 512, parameterSize: "1B", capabilities: ["tools"] },
        },
      ],
    ]);
  });

  test.each([
    [{ from: "x" }, "invalid model name"],
    [{ model: "a b", from: "x" }, "invalid model name"],
    [{ model: "m" }, "neither 'from' or 'files' was specified"],
    [{ model: "m", from: "x", parameters: { top_k: "5" } }, 'option "top_k" must be of type integer'],
    [{ model: "m", from: "x", messages: [{ role: "tool" }] }, '"messages[0].role" must be "system", "user" or "assistant"'],
    [{ model: "m", from: "x", info: { context_length: -1 } }, '"info.context_length" must be a whole number, at least 32'],
    [
      { model: "m", from: "x", info: { capabilities: "tools" } },
      '"info.capabilities" must be a list of "completion", "tools", "insert", "thinking", "embedding"',
    ],
    [
      { model: "m", from: "x", info: { capabilities: ["tools", "vision"] } },
      '"info.capabilities" must be a list of "completion", "tools", "insert", "thinking", "embedding"',
    ],
    [{ model: "m", from: "x", info: { model_family: 5 } }, '"info.model_family" must be a string'],
    [
      { model: "m", from: "x", quantize: "q4_K_M" },
      '"quantize" is not supported: weights are not converted here. Quantize a .gguf with llama.cpp, a .rkllm with the RKLLM toolkit, and upload the result.',
    ],
    [{ model: "m", modelfile: "FROM x" }, "neither 'from' or 'files' was specified"],
    [{ model: "m", from: "x", draft_files: { a: "b" } }, '"draft_files" is not supported: there are no draft models.'],
    [{ model: "m", from: "x", remote_host: "h" }, '"remote_host" is not supported: models run on this machine.'],
  ])("%j is refused before anything is done", async (body, error) => {
    const { status, text, calls } = await asked("/api/create", body);
    expect([status, JSON.parse(text), calls]).toEqual([400, { error }, []]);
  });

  test("what fails before the first line has a status, and later it is the last line", async () => {
    const failure = new AppError("model_not_found", "x", { details: { hint: "Available: y." } });
    const early = await asked("/api/create", { model: "m", from: "x" }, { work: async () => Promise.reject(failure) });
    expect([early.status, early.text]).toEqual([404, `{"error":"model 'x' not found. Available: y."}`]);
    const late = await asked(
      "/api/create",
      { model: "m", from: "x" },
      {
        work: async (onProgress) => {
          onProgress({ status: "parsing GGUF" });
          throw failure;
        },
      },
    );
    expect([late.status, late.type, late.text]).toEqual([
      200,
      "application/x-ndjson",
      `{"status":"parsing GGUF"}\n{"error":"model 'x' not found. Available: y."}\n`,
    ]);
  });
});

describe("pull", () => {
  const transfer = (completed: number) => ({ status: "pulling aaaa", digest: DIGEST, total: 10, completed });
  const work: LibraryScript["work"] = async (onProgress) => {
    onProgress({ status: "pulling manifest" });
    for (const completed of [1, 5, 10]) onProgress(transfer(completed));
    onProgress({ status: "success" });
  };

  test("streams what happens, of a transfer only what is not overtaken", async () => {
    const { text } = await asked("/api/pull", { model: "owner/repository" }, { work });
    expect(text.split("\n").slice(0, -1)).toEqual(
      [{ status: "pulling manifest" }, transfer(10), { status: "success" }].map((line) => JSON.stringify(line)),
    );
  });

  test("tells the end alone where it is not streamed", async () => {
    const { text } = await asked("/api/pull", { name: "owner/repository", stream: false }, { work });
    expect(text).toBe('{"status":"success"}');
  });

  test("of a name that nothing is known by ends in the words that clients look for", async () => {
    const unknown: LibraryScript = { work: async () => Promise.reject(new AppError("invalid_request", "Nothing.")) };
    const { status, text } = await asked("/api/pull", { model: "nothing" }, unknown);
    expect([status, text]).toEqual([
      200,
      '{"status":"pulling manifest"}\n{"error":"pull model manifest: file does not exist. Nothing."}\n',
    ]);
    expect((await asked("/api/pull", { model: "nothing", stream: false }, unknown)).status).toBe(404);
    expect((await asked("/api/pull", {})).text).toBe('{"error":"invalid model name"}');
  });
});

describe("copy and delete", () => {
  test("answer without a body", async () => {
    const copied = await asked("/api/copy", { source: "a:latest", destination: "b" });
    const gone = await asked("/api/delete", { name: "a" }, {}, "DELETE");
    expect([copied.status, copied.text, copied.calls, gone.status, gone.text, gone.calls]).toEqual([
      200,
      "",
      [["copy", "a", "b"]],
      200,
      "",
      [["remove", "a"]],
    ]);
  });

  test.each([
    ["/api/copy", "POST", { source: "a b", destination: "c" }, 'source "a b" is invalid'],
    ["/api/copy", "POST", { source: "a" }, 'destination "" is invalid'],
    ["/api/delete", "DELETE", {}, "model is required"],
    ["/api/delete", "DELETE", { model: "../a" }, 'name "../a" is invalid'],
  ])("%s %s %j is refused", async (path, method, body, error) => {
    const { status, text, calls } = await asked(path, body, {}, method);
    expect([status, JSON.parse(text), calls]).toEqual([400, { error }, []]);
  });
});

test("blobs are taken as they are, whatever their size, and asked for by their digest", async () => {
  const body = "x".repeat(100_000);
  const sent = await asked(`/api/blobs/${DIGEST}`, body);
  expect([sent.status, sent.text, sent.calls]).toEqual([201, "", [["putBlob", DIGEST, body, null]]]);
  expect((await asked(`/api/blobs/${DIGEST}`, body, { blobs: [DIGEST] })).status).toBe(200);
  const known = await ask({}, `/api/blobs/${DIGEST}`, { method: "HEAD" }, { library: scriptedLibrary({ blobs: [DIGEST] }) });
  const unknown = await ask({}, `/api/blobs/${DIGEST}`, { method: "HEAD" });
  expect([known.status, unknown.status]).toEqual([200, 404]);
});
