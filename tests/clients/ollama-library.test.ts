/** Models that Ollama's own client makes, copies and deletes, on a whole server. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Ollama } from "ollama";
import { rejection } from "../support/rejection.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf, writeTinyLora } from "../support/tiny-gguf.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const HELLO = [{ role: "user", content: "Hello" }];

let api: TestServer;
let ollama: Ollama;

beforeAll(async () => {
  api = await startTestServer({ models: { "tiny.gguf": { says: "It is a fine day." } }, flags: ["--cache-dir", temporaryFolder()] });
  ollama = new Ollama({ host: api.url });
});
afterAll(async () => api?.[Symbol.asyncDispose]());

async function names(): Promise<readonly string[]> {
  return (await ollama.list()).models.map(({ name }) => name).toSorted();
}

async function rendered(model: string, messages: readonly object[] = HELLO): Promise<string> {
  const reply = await api.post("/api/chat", { model, messages, _debug_render_only: true });
  return (
    Object.values((await reply.json()) as Record<string, { rendered_template?: string }>).flatMap(
      (each) => each.rendered_template ?? [],
    )[0] ?? ""
  );
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const thrown = await rejection(promise);
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Uploads a file; its digest and the two statuses of sending it twice. */
async function upload(path: string): Promise<{ digest: string; statuses: number[] }> {
  const bytes = readFileSync(path);
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
  const send = async () => (await fetch(`${api.url}/api/blobs/${digest}`, { method: "POST", body: bytes })).status;
  return { digest, statuses: [await send(), await send()] };
}

async function create(body: object): Promise<{ status: number; error?: string }> {
  const reply = await api.post("/api/create", { stream: false, ...body });
  const { error } = (await reply.json()) as { error?: string };
  return { status: reply.status, ...(error === undefined ? {} : { error }) };
}

describe("a model made of another", () => {
  test("is made, listed, shown, asked, copied and deleted", async () => {
    const statuses = await Array.fromAsync(
      await ollama.create({
        model: "mario",
        from: "tiny",
        system: "You are Mario.",
        parameters: { temperature: 0, stop: ["day"] },
        stream: true,
      }),
    );
    expect(statuses.map(({ status }) => status)).toEqual(["writing manifest", "success"]);
    expect(await names()).toEqual(["mario:latest", "tiny:latest"]);
    const shown = await ollama.show({ model: "mario" });
    expect([shown.system, shown.details.parent_model]).toEqual(["You are Mario.", "tiny"]);
    expect(await rendered("mario")).toContain("<|im_start|>system\nYou are Mario.<|im_end|>\n<|im_start|>user\nHello");
    const answer = await ollama.chat({ model: "mario", messages: HELLO });
    expect([answer.model, answer.message.content, answer.done_reason]).toEqual(["mario", "It is a fine ", "stop"]);
    // The request's word goes before the model's.
    expect((await ollama.chat({ model: "mario", messages: HELLO, options: { stop: ["fine"] } })).message.content).toBe("It is a ");
    expect(await rendered("mario", [{ role: "system", content: "You are Luigi." }, ...HELLO])).not.toContain("Mario");

    await ollama.copy({ source: "mario", destination: "luigi" });
    expect(await rendered("luigi")).toContain("You are Mario.");
    expect(api.hostPids()).toHaveLength(1);
    expect(await refusal(ollama.delete({ model: "mario" }))).toContain("mario is what luigi is made of. Delete that first.");
    await ollama.delete({ model: "luigi" });
    await ollama.delete({ model: "mario" });
    expect(await names()).toEqual(["tiny:latest"]);
    expect(readdirSync(api.modelsDir).filter((name) => !name.startsWith("."))).toEqual(["tiny.gguf"]);
  });

  test("may have an owner in front of its name, as those that are published have", async () => {
    await ollama.copy({ source: "tiny", destination: "me/Tiny:1b" });
    await ollama.create({ model: "me-tiny-1b", from: "me/tiny:1b", system: "Other." });
    expect(await names()).toEqual(["me-tiny:1b", "me/tiny:1b", "tiny:latest"]);
    expect((await ollama.chat({ model: "ME/tiny:1b", messages: HELLO })).message.content).toBe("It is a fine day.");
    expect(await rendered("me/tiny:1b")).not.toContain("Other.");
    expect((await fetch(`${api.url}/v1/models/me/tiny:1b`)).status).toBe(200);
    await ollama.delete({ model: "me-tiny-1b" });
    await ollama.delete({ model: "me/tiny:1b" });
    expect(readdirSync(api.modelsDir).filter((name) => !name.startsWith("."))).toEqual(["tiny.gguf"]);
  });

  test("can be said to call functions, which clients look for, and is until it is made of something else", async () => {
    const capabilities = async (model: string) => (await ollama.show({ model })).capabilities;
    expect(await create({ model: "caller", from: "tiny", info: { capabilities: ["tools"] } })).toEqual({ status: 200 });
    expect(await create({ model: "caller", from: "caller", system: "Be brief." })).toEqual({ status: 200 });
    await ollama.copy({ source: "caller", destination: "other" });
    expect(await Promise.all(["tiny", "caller", "other"].map(capabilities))).toEqual([
      ["completion"],
      ["completion", "tools"],
      ["completion", "tools"],
    ]);
    await ollama.delete({ model: "other" });
    await ollama.create({ model: "caller", from: "tiny" });
    expect(await capabilities("caller")).toEqual(["completion"]);
    await ollama.delete({ model: "caller" });
  });

  test("made again of itself keeps what is not said anew", async () => {
    const parameters = { temperature: 0, num_predict: 3, stop: ["a", "b"] };
    const info = { model_family: "echoes", parameter_size: "1B" };
    const messages = [{ role: "user", content: "Who?" }];
    expect(await create({ model: "echo", from: "tiny", system: "One.", license: "MIT", parameters, messages, info })).toEqual({
      status: 200,
    });
    // A list takes the place of the whole list, and a licence is added to those that were there.
    await ollama.create({ model: "echo", from: "echo", parameters: { num_predict: 1, stop: ["c"] }, license: "BSD", system: "" });
    const manifest: unknown = JSON.parse(readFileSync(join(api.modelsDir, "echo/model.json"), "utf8"));
    expect(manifest).toEqual({
      from: "tiny",
      system: "One.",
      parameters: { temperature: 0, num_predict: 1, stop: ["c"] },
      messages,
      license: ["MIT", "BSD"],
      family: "echoes",
      parameterSize: "1B",
    });
    const { details, license } = await ollama.show({ model: "echo" });
    expect([details, license]).toMatchObject([{ parent_model: "tiny", family: "echoes", parameter_size: "1B" }, "MIT\nBSD"]);
    expect((await ollama.chat({ model: "echo", messages: HELLO })).eval_count).toBe(1);
    await ollama.delete({ model: "echo" });
  });

  test("with a template of its own is opened beside the other", async () => {
    await ollama.create({ model: "loud", from: "tiny", template: "{% for m in messages %}!{{ m.content }}{% endfor %}\n" });
    expect(await rendered("loud")).toContain("!Hello");
    expect(await rendered("tiny")).toContain("<|im_start|>user");
    await ollama.delete({ model: "loud" });
  });

  test("what Ollama's own Modelfiles spell as ChatML is the model's own template, and what cannot be understood is refused", async () => {
    const chatml = "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n";
    await ollama.create({ model: "same", from: "tiny", template: chatml });
    expect(JSON.parse(readFileSync(join(api.modelsDir, "same/model.json"), "utf8"))).toEqual({ from: "tiny" });
    await ollama.delete({ model: "same" });
    expect(await refusal(ollama.create({ model: "other", from: "tiny", template: "### {{ .Prompt }}" }))).toContain(
      "This is a Go template",
    );
  });

  test("its context is the shorter one", async () => {
    await ollama.create({ model: "short", from: "tiny", parameters: { num_ctx: 64 } });
    const long = [{ role: "user", content: "one two three ".repeat(40) }];
    const reply = await api.post("/v1/chat/completions", { model: "short", messages: long });
    expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining("maximum context length is 64 tokens") as string]);
    await ollama.delete({ model: "short" });
  });
});

describe("a model made of files", () => {
  test("is uploaded, made, asked and deleted", async () => {
    const path = join(temporaryFolder(), "other.gguf");
    writeTinyGguf(path, { says: "Not today." });
    expect(await refusal(ollama.create({ model: "other", from: "tiny", adapters: { "x.gguf": `sha256:${"0".repeat(64)}` } }))).toContain(
      "has not been uploaded",
    );
    const { digest, statuses } = await upload(path);
    expect(statuses).toEqual([201, 200]);
    expect((await fetch(`${api.url}/api/blobs/${digest}`, { method: "HEAD" })).status).toBe(200);
    const files = { "folder/other.gguf": digest };
    expect(await create({ model: "other", files, system: "Be brief.", license: "MIT" })).toEqual({ status: 200 });
    expect((await ollama.chat({ model: "other", messages: HELLO })).message.content).toBe("Not today.");
    expect(await rendered("other")).toContain("Be brief.");
    const listed = (await ollama.list()).models.find(({ name }) => name === "other:latest");
    expect(listed?.digest).not.toBe(digest.slice(7));
    // The same weights with other words take the place of what was there.
    expect(await create({ model: "other", files, system: "" })).toEqual({ status: 200 });
    expect(await rendered("other")).not.toContain("Be brief.");
    expect((await ollama.list()).models.find(({ name }) => name === "other:latest")?.digest).toBe(digest.slice(7));
    await ollama.delete({ model: "other" });
    expect(existsSync(join(api.modelsDir, "other"))).toBe(false);
  });

  test("an adapter is uploaded for a model that is there", async () => {
    const path = join(temporaryFolder(), "lora.gguf");
    writeTinyLora(path);
    const { digest } = await upload(path);
    expect(await create({ model: "adapted", from: "tiny", adapters: { "lora.gguf": digest } })).toEqual({ status: 200 });
    expect((await ollama.chat({ model: "adapted", messages: HELLO, options: { num_predict: 4 } })).done).toBe(true);
    await ollama.delete({ model: "adapted" });
    expect(existsSync(join(api.modelsDir, "adapted"))).toBe(false);
  });

  test("files that are no models are refused and leave nothing behind", async () => {
    const path = join(temporaryFolder(), "page.gguf");
    await Bun.write(path, "<html>");
    const { digest } = await upload(path);
    expect(await create({ model: "page", files: { "page.gguf": digest } })).toEqual({
      status: 400,
      error: "supplied file was not in GGUF format",
    });
    expect((await create({ model: "page", files: { "page.bin": digest } })).error).toContain("unknown type");
    const { digest: cut } = await (async () => {
      const short = join(temporaryFolder(), "cut.gguf");
      await Bun.write(short, "GGUF\u0003");
      return upload(short);
    })();
    expect((await create({ model: "page", files: { "page.gguf": cut } })).status).toBe(400);
    expect(existsSync(join(api.modelsDir, "page"))).toBe(false);
  });
});

describe("what must not happen", () => {
  test.each(["../escape", "/etc/passwd", "a/../../b", "..", ".hidden", "a\0b", "con fig", "x".repeat(200)])(
    "no model is called %j",
    async (model) => {
      const made = await create({ model, from: "tiny" });
      expect(made.status).toBe(400);
      const copied = await api.post("/api/copy", { source: "tiny", destination: model });
      expect(copied.status).toBe(400);
      const gone = await fetch(`${api.url}/api/delete`, { method: "DELETE", body: JSON.stringify({ model }) });
      expect(gone.status).toBeOneOf([400, 404]);
      expect(readdirSync(api.modelsDir).filter((name) => !name.startsWith("."))).toEqual(["tiny.gguf"]);
    },
  );

  test.each(["sha256:..%2f..%2fescape", "sha256:ABC", `md5:${"0".repeat(64)}`, `sha256:${"g".repeat(64)}`])(
    "nothing is uploaded as %j",
    async (digest) => {
      const reply = await fetch(`${api.url}/api/blobs/${digest}`, { method: "POST", body: "x" });
      expect([reply.status, await reply.json()]).toEqual([400, { error: "invalid digest format" }]);
    },
  );

  test("what is not what its digest says is not kept", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const reply = await fetch(`${api.url}/api/blobs/${digest}`, { method: "POST", body: "x" });
    const actual = new Bun.CryptoHasher("sha256").update("x").digest("hex");
    expect([reply.status, await reply.json()]).toEqual([400, { error: `digest mismatch, expected "${digest}", got "sha256:${actual}"` }]);
    expect(readdirSync(join(api.modelsDir, ".blobs")).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test.each(["/etc/x.gguf", "../x.gguf", "a/../../x.gguf", "C:\\x.gguf", "\\x.gguf"])("no file is called %j", async (name) => {
    expect(await create({ model: "new", files: { [name]: `sha256:${"0".repeat(64)}` } })).toEqual({
      status: 400,
      error: "file path must be relative",
    });
  });

  test("what lies behind a link is not written to and not deleted", async () => {
    const elsewhere = temporaryFolder();
    writeTinyGguf(join(elsewhere, "mine.gguf"), {});
    await symlink(elsewhere, join(api.modelsDir, "linked"));
    const empty = temporaryFolder();
    await mkdir(join(empty, "inside"));
    await symlink(empty, join(api.modelsDir, "target"));
    expect(await refusal(ollama.delete({ model: "mine" }))).toContain("does not lie in a models folder");
    expect((await create({ model: "target", from: "tiny" })).error).toContain("is not a folder of the models folder");
    expect([readdirSync(elsewhere), readdirSync(empty)]).toEqual([["mine.gguf"], ["inside"]]);
  });

  test("weights keep their name, and one that is not there cannot be copied or deleted", async () => {
    expect((await create({ model: "tiny", from: "tiny", system: "x" })).error).toContain('The name "tiny" stands for the weights of tiny');
    expect(await refusal(ollama.copy({ source: "nobody", destination: "x" }))).toContain('model "nobody" not found');
    expect(await refusal(ollama.delete({ model: "nobody" }))).toContain("model 'nobody' not found");
    expect((await create({ model: "x", from: "nobody" })).status).toBe(404);
  });

  test("weights are not converted", async () => {
    expect((await create({ model: "x", from: "tiny", quantize: "q4_0" })).error).toContain('"quantize" is not supported');
  });

  test.each(["/etc/hostname", "./tiny.gguf", "file:///etc/x.gguf", "https://example.com/x.gguf"])("%j cannot be pulled", async (model) => {
    const reply = await api.post("/api/pull", { model });
    expect([reply.status, await reply.json()]).toEqual([
      400,
      { error: 'Only models of the hub can be pulled over the API. Use "rockchip-llama pull" on the machine itself.' },
    ]);
  });
});

test("a deleted model is unloaded first", async () => {
  const path = join(api.modelsDir, "gone.gguf");
  writeTinyGguf(path, { says: "Bye." });
  await ollama.chat({ model: "gone", messages: HELLO });
  await ollama.delete({ model: "gone" });
  expect([existsSync(path), (await ollama.ps()).models.map(({ name }) => name).includes("gone:latest")]).toEqual([false, false]);
});
