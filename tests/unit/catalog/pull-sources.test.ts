import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, readdir, stat, symlink } from "node:fs/promises";
import { pull, type PullOptions, type PullProgress, type PullResult } from "../../../src/catalog/pull.ts";
import { parsePullSource, requireSafeUrl, safeFileName } from "../../../src/catalog/pull-source.ts";
import { ModelHub } from "../../support/model-hub.ts";
import { ModelsFolder, refusal } from "../../support/models-folder.ts";

const ENDPOINT = new URL("https://mirror.example/hf");
const file = (content: string) => ({ content: new TextEncoder().encode(content) });

describe("parsePullSource", () => {
  const nothing = (): boolean => false;
  const hub = (repository: string, selector: string, revision = "main") => ({ kind: "hub", repository, revision, selector }) as const;

  test.each([
    ["owner/repo/x.gguf", hub("owner/repo", "x.gguf")],
    ["owner/repo:x.gguf", hub("owner/repo", "x.gguf")],
    ["owner/repo:Q4_K_M", hub("owner/repo", "Q4_K_M")],
    ["owner/repo", hub("owner/repo", "")],
    ["owner/repo/", hub("owner/repo", "")],
    ["owner/gemma-3-1b-it_w8a8_rk3588.rkllm", hub("owner/gemma-3-1b-it_w8a8_rk3588.rkllm", "")],
    ["hf.co/owner/repo:latest", hub("owner/repo", "")],
    ["hf.co/owner/repo:Q4_K_M", hub("owner/repo", "Q4_K_M")],
    [" owner/repo/sub/dir/x.gguf ", hub("owner/repo", "sub/dir/x.gguf")],
    ["hf.co/owner/repo:x.gguf", hub("owner/repo", "x.gguf")],
    ["huggingface.co/owner/repo/x.gguf", hub("owner/repo", "x.gguf")],
    ["https://hf.co/owner/repo", hub("owner/repo", "")],
    ["https://huggingface.co/owner/repo/resolve/v1.0/a%20b.gguf?download=true", hub("owner/repo", "a b.gguf", "v1.0")],
    ["https://huggingface.co/owner/repo/blob/main/sub/x.gguf", hub("owner/repo", "sub/x.gguf")],
    ["https://huggingface.co/owner/repo/tree/dev", hub("owner/repo", "", "dev")],
    ["https://example.com/a/x.gguf?sig=1", { kind: "url", url: new URL("https://example.com/a/x.gguf?sig=1") }],
    ["http://127.0.0.1:81/x.rkllm", { kind: "url", url: new URL("http://127.0.0.1:81/x.rkllm") }],
    ["/models/x.gguf", { kind: "file", path: "/models/x.gguf" }],
    ["file:///models/a%20b.gguf", { kind: "file", path: "/models/a b.gguf" }],
  ] as const)("%j", (source, expected) => {
    expect(parsePullSource(source, ENDPOINT, nothing)).toEqual(expected);
  });

  test("a file that is there goes before a repository of that name", () => {
    expect(parsePullSource("owner/repo/x.gguf", ENDPOINT, () => true)).toMatchObject({ kind: "file" });
    expect(parsePullSource("owner/repo", ENDPOINT, () => true)).toMatchObject({ kind: "hub" });
  });

  test.each([
    "",
    "qwen3",
    "qwen3:0.6b",
    "owner/repo/../../../etc/x.gguf",
    "owner/repo/resolve/main/../x.gguf",
    "-x/y",
    "ftp://example.com/x.gguf",
    "http://example.com/x.gguf",
    "https://example.com/page",
    "https://user:secret@example.com/x.gguf",
    "https://[bad/x.gguf",
  ])("%j is refused", (source) => {
    expect(() => parsePullSource(source, ENDPOINT, nothing)).toThrow(expect.objectContaining({ code: "invalid_request" }) as Error);
  });

  test("a password in a link is not repeated", () => {
    expect(() => parsePullSource("https://user:secret@example.com/x.gguf", ENDPOINT, nothing)).toThrow(
      /^Leave the user name and the password out of the link\.$/,
    );
  });
});

test.each([
  ["../../x.gguf", "x.gguf"],
  ["..\\..\\x.gguf", "x.gguf"],
  ["...x.gguf", "x.gguf"],
  ["a\nb\u001b[31m.gguf", "a_b_31m.gguf"],
  ["模型 (1).gguf", "模型 (1).gguf"],
])("a remote name %j becomes %j", (name, safe) => {
  expect(safeFileName(name)).toBe(safe);
});

test.each(["x.bin", "gguf", "", "/", `${"x".repeat(300)}.gguf`])("the name %j is no model's", (name) => {
  expect(() => safeFileName(name)).toThrow("is not the name of a .gguf or .rkllm file");
});

test("plain http is for this machine only", () => {
  for (const url of ["http://localhost:1/x", "http://127.1.2.3/x", "http://[::1]/x", "https://example.com/x"]) requireSafeUrl(new URL(url));
  for (const url of ["http://example.com/x", "http://localhost.example.com/", "http://192.168.1.2/", "ftp://localhost/"]) {
    expect(() => requireSafeUrl(new URL(url))).toThrow("is not reached over https");
  }
});

describe("pull", () => {
  let hub: ModelHub;
  let folder: ModelsFolder;
  let notes: string[];
  beforeEach(async () => {
    hub = await ModelHub.start();
    folder = await ModelsFolder.make();
    notes = [];
  });
  afterEach(async () => {
    await hub[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  function pulling(source: string, options: Partial<PullOptions> = {}): Promise<PullResult> {
    const onProgress = (event: PullProgress): void => void (event.kind === "note" && notes.push(event.text));
    const signal = new AbortController().signal;
    return pull(source, {
      modelsDir: folder.path("models"),
      endpoint: hub.url,
      signal,
      onProgress,
      wait: () => Promise.resolve(),
      ...options,
    });
  }
  const info = (repository: string, files: readonly string[], base?: unknown): void => {
    const answer = { siblings: files.map((rfilename) => ({ rfilename })), cardData: { base_model: base } };
    hub.files.set(`/api/models/${repository}/revision/main`, file(JSON.stringify(answer)));
  };

  test("never sends the token to the host a redirect leads to", async () => {
    await using store = await ModelHub.start();
    store.files.set("/blob", { ...file("weights"), headers: { "x-linked-etag": "nonsense" } });
    hub.files.set("/owner/repo/resolve/main/x.rkllm", { ...file(""), redirect: `${store.url}/blob` });
    hub.files.set("/owner/repo/resolve/main/tokenizer.json", { ...file(""), redirect: "/inside" });
    hub.files.set("/inside", file("{}"));
    await pulling("owner/repo/x.rkllm", { token: "hf_secret" });
    expect(hub.requests.map(({ headers }) => headers.get("authorization"))).toEqual(hub.requests.map(() => "Bearer hf_secret"));
    expect(store.requests.map(({ headers }) => [...headers.keys()].includes("authorization"))).toEqual([false]);
    expect(store.requests[0]?.headers.get("accept-encoding")).toBe("identity");
  });

  test("sends the token to nobody but the hub", async () => {
    await using other = await ModelHub.start();
    other.files.set("/x.rkllm", file("weights"));
    await pulling(`${other.url}/x.rkllm`, { token: "hf_secret" });
    expect(other.requests.map(({ headers }) => headers.has("authorization"))).toEqual([false]);
    expect(hub.requests).toEqual([]);
  });

  test("refuses redirects away from https, in circles, and to nowhere", async () => {
    hub.files.set("/a/b/resolve/main/x.rkllm", { ...file(""), redirect: "http://example.com/x" });
    expect((await refusal(pulling("a/b/x.rkllm")))[1]).toContain("http://example.com is not reached over https");
    hub.files.set("/a/b/resolve/main/x.rkllm", { ...file(""), redirect: "/a/b/resolve/main/x.rkllm" });
    expect((await refusal(pulling("a/b/x.rkllm")))[1]).toContain("redirects more than 8 times");
    hub.files.set("/a/b/resolve/main/x.rkllm", { ...file(""), redirect: "http://[" });
    expect((await refusal(pulling("a/b/x.rkllm")))[1]).toContain("redirects to a broken link");
  });

  test("of a link notes where it came from without what was secret in it", async () => {
    hub.files.set("/files/x.rkllm?sig=secret", file("weights"));
    const { path } = await pulling(`${hub.url.replace("127.0.0.1", "localhost")}/files/x.rkllm?sig=secret`);
    expect(await Bun.file(path.replace(/x\.rkllm$/, "model.json")).json()).toMatchObject({
      source: `${hub.url.replace("127.0.0.1", "localhost")}/files/x.rkllm`,
    });
  });

  test("picks the one file that a quantization means", async () => {
    info("owner/repo", ["README.md", "x-Q4_0.gguf", "sub/x-w8a8.rkllm", "x-00002-of-00002.gguf"]);
    hub.files.set("/owner/repo/resolve/main/sub/x-w8a8.rkllm", file("weights"));
    hub.files.set("/owner/repo/resolve/main/sub/tokenizer.json", file("{}"));
    hub.files.set("/owner/repo/resolve/main/generation_config.json", file("{}"));
    expect(await pulling("owner/repo:W8A8")).toMatchObject({ name: "x", sidecars: ["tokenizer.json", "generation_config.json"] });
  });

  test("takes the conversion for this board where a repository has several", async () => {
    info("owner/repo", ["x_w8a8_rk3588.rkllm", "x_w4a16_rk3576.rkllm"]);
    hub.files.set("/owner/repo/resolve/main/x_w4a16_rk3576.rkllm", file("weights"));
    expect((await pulling("owner/repo", { boardSoc: "rk3576" })).path).toEndWith("x_w4a16_rk3576.rkllm");
  });

  test.each([
    ["owner/repo", "Several files match. Name one of these: a.gguf and b.gguf."],
    ["owner/repo:c", 'No file matches "c". Name one of these: a.gguf and b.gguf.'],
  ])("%s leaves a choice to the user", async (source, message) => {
    info("owner/repo", ["a.gguf", "b.gguf"]);
    expect(await refusal(pulling(source))).toEqual(["invalid_request", message]);
  });

  test("says that a repository has no weights, or that the endpoint is no hub", async () => {
    info("owner/repo", ["model.safetensors"]);
    expect((await refusal(pulling("owner/repo")))[1]).toBe("The repository has no .gguf and no .rkllm file.");
    hub.files.set("/api/models/owner/repo/revision/main", file("<html>"));
    expect((await refusal(pulling("owner/repo")))[1]).toContain("did not answer as a model hub does. Check the endpoint.");
    expect((await refusal(pulling("owner/repo", { endpoint: "nonsense" })))[0]).toBe("config_invalid");
  });

  test("takes tokenizer and template from the model that the weights were made from", async () => {
    info("owner/repo", ["x.rkllm"], ["Base/Gated", "Base/Open"]);
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    hub.faults.set("/Base/Gated/resolve/main/tokenizer.json", [{ kind: "status", status: 401, headers: { "x-error-code": "GatedRepo" } }]);
    hub.files.set("/Base/Open/resolve/main/tokenizer.json", file("{}"));
    hub.files.set("/Base/Open/resolve/main/chat_template.jinja", file("{{ x }}"));
    expect((await pulling("owner/repo/x.rkllm")).sidecars).toEqual(["tokenizer.json", "chat_template.jinja"]);
    expect(notes).toEqual([expect.stringContaining("is gated (401)") as string, "Looked for the tokenizer and the template in Base/Open."]);
  });

  test("takes them from the repository the user names", async () => {
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    hub.files.set("/Base/Model/resolve/main/tokenizer.json", file("{}"));
    expect((await pulling("owner/repo/x.rkllm", { tokenizer: "Base/Model" })).sidecars).toEqual(["tokenizer.json"]);
  });

  test("says how to get a tokenizer where none was found", async () => {
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    expect((await pulling("owner/repo/x.rkllm")).sidecars).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^No tokenizer was found\..*--tokenizer owner\/repository/) as string]);
  });

  test("of a local file links it, brings what lies beside it, and leaves it where it is", async () => {
    await folder.put("from/x.rkllm", "weights");
    await folder.put("from/tokenizer.json", "{}");
    await mkdir(folder.path("links"));
    await symlink(folder.path("from/x.rkllm"), folder.path("links/x.rkllm"));
    const pulled = await pulling(folder.path("from/x.rkllm"));
    expect(pulled).toMatchObject({ name: "x", bytes: 7, alreadyPresent: false, sidecars: ["tokenizer.json"] });
    expect((await stat(pulled.path)).ino).toBe((await stat(folder.path("from/x.rkllm"))).ino);
    expect(await pulling(folder.path("links/x.rkllm"))).toMatchObject({ alreadyPresent: true });
  });

  test("of a local file checks its SHA-256, and that it is there", async () => {
    await folder.put("x.rkllm", "weights");
    expect((await refusal(pulling(folder.path("x.rkllm"), { sha256: "0".repeat(64) })))[1]).toContain("has the SHA-256");
    expect(await refusal(pulling(folder.path("y.rkllm")))).toEqual(["not_found", `There is no file ${folder.path("y.rkllm")}.`]);
    expect(await refusal(pulling(folder.path("no such file"), { sha256: "abc" }))).toEqual([
      "invalid_request",
      expect.stringContaining("64 hexadecimal digits"),
    ]);
  });

  test("refuses a local file that is in the models folder already", async () => {
    await folder.put("models/x.rkllm", "weights");
    expect((await refusal(pulling(folder.path("models/x.rkllm"))))[1]).toBe(
      `${folder.path("models/x.rkllm")} is in the models folder already.`,
    );
  });

  test("gets all parts of a split GGUF and shows the model only when they are there", async () => {
    await folder.putGguf("from/big-00001-of-00002.gguf");
    await folder.putGguf("from/big-00002-of-00002.gguf", { seed: 2 });
    const pulled = await pulling(folder.path("from/big-00002-of-00002.gguf"));
    expect((await readdir(folder.path("models/big"))).toSorted()).toEqual([
      "big-00001-of-00002.gguf",
      "big-00002-of-00002.gguf",
      "model.json",
    ]);
    expect(pulled.path).toBe(folder.path("models/big/big-00001-of-00002.gguf"));
  });

  test("leaves a manifest alone that is of other weights or broken", async () => {
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    await folder.put("models/x/model.json", '{"file":"other.rkllm"}');
    await pulling("owner/repo/x.rkllm");
    expect(await Bun.file(folder.path("models/x/model.json")).json()).toEqual({ file: "other.rkllm" });
    expect(await Bun.file(folder.path("models/x/x.model.json")).json()).toMatchObject({ file: "x.rkllm" });
  });

  test("refuses a name that would be a path", async () => {
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    for (const name of ["../..", "../../up", "", ".hidden", "a b"]) {
      expect((await refusal(pulling("owner/repo/x.rkllm", { name })))[1]).toStartWith(`"${name}" cannot be a model's name`);
    }
    expect((await pulling("owner/repo/x.rkllm", { name: "Kitchen:1B" })).path).toBe(folder.path("models/kitchen-1b/x.rkllm"));
  });
});
