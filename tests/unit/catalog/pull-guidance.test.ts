/** What a pull says, chooses and looks up on its own: short names, sizes, originals, what the hub has instead, and Ollama's lines. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { pull, type PullOptions, type PullResult } from "../../../src/catalog/pull.ts";
import type { PullStatus } from "../../../src/catalog/pull-status.ts";
import { sourceOfShortName } from "../../../src/catalog/short-name-source.ts";
import { findShortName } from "../../../src/catalog/short-names.ts";
import { ModelHub } from "../../support/model-hub.ts";
import { ModelsFolder, refusal } from "../../support/models-folder.ts";

const file = (content: string) => ({ content: new TextEncoder().encode(content) });

let hub: ModelHub;
let folder: ModelsFolder;
let notes: string[];
let lines: PullStatus[];
let waits: number[];
beforeEach(async () => {
  hub = await ModelHub.start();
  folder = await ModelsFolder.make();
  [notes, lines, waits] = [[], [], []];
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function pulling(source: string, options: Partial<PullOptions> = {}): Promise<PullResult> {
  return pull(source, {
    modelsDir: folder.path("models"),
    endpoint: hub.url,
    signal: new AbortController().signal,
    onProgress: (event) => void (event.kind === "note" && notes.push(event.text)),
    onStatus: (line) => void lines.push(line),
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    ...options,
  });
}
const infoPath = (repository: string): string => `/api/models/${repository}/revision/main`;
function info(repository: string, siblings: readonly object[], base?: unknown): void {
  hub.files.set(infoPath(repository), file(JSON.stringify({ siblings, cardData: { base_model: base } })));
}
function found(words: string, ...repositories: readonly string[]): void {
  hub.files.set(`/api/models?limit=8&search=${words}`, file(JSON.stringify(repositories.map((id) => ({ id })))));
}
async function serveGguf(path: string): Promise<void> {
  await folder.putGguf("made.gguf");
  hub.files.set(path, { content: new Uint8Array(await Bun.file(folder.path("made.gguf")).arrayBuffer()) });
}

describe("a short name", () => {
  const FILE = "Qwen3-0.6B-Q8_0.gguf";
  const unverified = "unverified: qwen3:0.6b comes from Qwen/Qwen3-0.6B-GGUF, which nobody has tried with this program.";
  beforeEach(async () => {
    info("Qwen/Qwen3-0.6B-GGUF", [{ rfilename: FILE }]);
    await serveGguf(`/Qwen/Qwen3-0.6B-GGUF/resolve/main/${FILE}`);
  });

  test("gets the listed model and says that nobody has tried it", async () => {
    expect((await pulling("qwen3:0.6b")).path).toBe(folder.path(`models/qwen3-0.6b/${FILE}`));
    expect(notes).toEqual([unverified]);
  });

  test("on a board without a conversion for its NPU gets the one for the CPU, and says so first and where to look", async () => {
    found("Qwen3-0.6B rk3562", "a/other", "b/Qwen3-0.6B-rk3562");
    await pulling("qwen3-0.6b", { boardSoc: "rk3562", runtimeVersion: "1.2.3" });
    expect(notes).toEqual([
      "No conversion of Qwen3-0.6B for RK3562 is in this program's list; this one runs on the CPU. The hub has b/Qwen3-0.6B-rk3562 and " +
        `a/other. For the NPU look at ${hub.url}/models?search=Qwen3-0.6B+rk3562, and pull owner/repository of one you trust.`,
      unverified,
    ]);
  });

  test("on a board without the library is for the CPU, and says how to have it for the NPU", async () => {
    await pulling("qwen3:0.6b", { boardSoc: "rk3588", runtimeVersion: null });
    expect(notes).toEqual([
      "Rockchip's runtime library was not here when this program started, so this is a model for the CPU. For the NPU: " +
        "`rockchip-llama doctor` says how to get the library; restart the server, and pull again.",
      unverified,
    ]);
  });

  test("on a board is for its NPU: the very file, where a repository has several conversions", async () => {
    const repository = "dulimov/Qwen3-0.6B-rk3588-1.2.1-unsloth-16k";
    const name = "Qwen3-0.6B-rk3588-w8a8-opt-1-hybrid-ratio-0.0.rkllm";
    hub.files.set(`/${repository}/resolve/main/${name}`, file("weights"));
    hub.files.set("/Qwen/Qwen3-0.6B/resolve/main/tokenizer.json", file("{}"));
    const { path, sidecars } = await pulling("qwen3:0.6b", { boardSoc: "rk3588", runtimeVersion: "1.2.3" });
    // The tokenizer is the publisher's, though the conversion's repository does not tell whose that is.
    expect([path, sidecars]).toEqual([folder.path(`models/qwen3-0.6b/${name}`), ["tokenizer.json"]]);
    expect(notes).toEqual([
      `unverified: qwen3:0.6b comes from ${repository}, which nobody has tried with this program.`,
      "Rockchip publishes 32.9 tokens/s for it on RK3588.",
      "Looked for the tokenizer and the template in Qwen/Qwen3-0.6B.",
    ]);
  });

  test("is for the CPU where its quantization is", async () => {
    await pulling("qwen3:0.6b-q8_0", { boardSoc: "rk3588", runtimeVersion: "1.2.3" });
    expect(notes).toEqual([unverified]);
  });

  test.each([
    ["llama3.2:1b", "rk3588", "1.3.0", "HanzoHuang/Llama-3.2-1B-Instruct-RKLLM", 1],
    ["llama3.2:1b", "rk3588", undefined, "HanzoHuang/Llama-3.2-1B-Instruct-RKLLM", 1],
    ["llama3.2:1b", "rk3588", "1.2.3", "c01zaut/Llama-3.2-1B-Instruct-rk3588-1.1.1", 1],
    ["llama3.2:3b", "rk3588", "1.2.3", "GatekeeperZA/Llama-3.2-3B-Instruct-RKLLM-v1.2.3", 1],
    ["llama3.2:3b", "rk3588", "1.2.1", "jamescallander/Llama-3.2-3B-Instruct_w8a8_g128_rk3588.rkllm", 1],
    ["llama3.2:3b", "rk3576", "1.3.0", "HanzoHuang/Llama-3.2-3B-Instruct-RKLLM", 1],
    ["llama3.2:3b", "rk3576", "1.2.3", "mradermacher/Llama-3.2-3B-Instruct-GGUF", 2],
    ["qwen3:4b", "rv1126b", "1.3.0", "Qwen/Qwen3-4B-GGUF", 2],
  ] as const)("%s on %s with the library %s comes from %s", async (name, boardSoc, runtimeVersion, repository, sentences) => {
    const { conversion, notes: told } = await sourceOfShortName(findShortName(name)!, {
      boardSoc,
      runtimeVersion,
      endpoint: new URL(hub.url),
      signal: new AbortController().signal,
    });
    expect([conversion.repository, told.length]).toEqual([repository, sentences]);
  });

  test("whose conversion needs a newer library than there is says so", async () => {
    const { notes: told } = await sourceOfShortName(findShortName("llama3.2:3b")!, {
      boardSoc: "rk3576",
      runtimeVersion: "1.2.3",
      endpoint: new URL(hub.url),
      signal: new AbortController().signal,
    });
    expect(told[0]).toBe(
      "The listed conversion of Llama-3.2-3B-Instruct for RK3576, HanzoHuang/Llama-3.2-3B-Instruct-RKLLM, needs the RKLLM library 1.3.0, " +
        "and 1.2.3 is installed; this one runs on the CPU.",
    );
  });

  test("with a quantization that is not there lists what is", async () => {
    expect(await refusal(pulling("qwen3:0.6b-q4_0"))).toEqual(["invalid_request", `No file matches "Q4_0". Name one of these: ${FILE}.`]);
  });

  test("that is none lists those that begin so", async () => {
    expect(await refusal(pulling("llama3:8b"))).toEqual([
      "invalid_request",
      expect.stringMatching(/^"llama3:8b" is nothing that can be pulled\..* Short names: llama3\.2:1b and llama3\.2:3b\.$/) as string,
    ]);
  });
});

describe("what is not there", () => {
  test("a file: the nearest of the repository's", async () => {
    info("owner/repo", [{ rfilename: "README.md" }, { rfilename: "other_w4a16.rkllm" }, { rfilename: "sub/Qwen3-0.6B_w8a8.rkllm" }]);
    const [code, message] = await refusal(pulling("owner/repo/Qwen3-0.6B-w8a8.rkllm"));
    expect([code, message.replace(hub.url, "")]).toEqual([
      "not_found",
      "/owner/repo/resolve/main/Qwen3-0.6B-w8a8.rkllm does not exist. Check owner, repository and file name. " +
        "The repository has sub/Qwen3-0.6B_w8a8.rkllm and other_w4a16.rkllm.",
    ]);
  });

  test("a repository: the nearest of the hub's", async () => {
    found("Qwen3-0.6B-rk3588", "x/unrelated", "owner/Qwen3-0.6B-RK3588-1.2.2");
    const [code, message] = await refusal(pulling("owner/Qwen3-0.6B-rk3588"));
    expect([code, message.slice(message.indexOf(" does not"))]).toEqual([
      "not_found",
      " does not exist. Check owner, repository and file name. The hub has owner/Qwen3-0.6B-RK3588-1.2.2 and x/unrelated.",
    ]);
  });

  test("a repository that the hub hides behind 401", async () => {
    hub.faults.set(`${infoPath("owner/repo")}?blobs=true`, [{ kind: "status", status: 401, headers: { "x-error-code": "RepoNotFound" } }]);
    expect(await refusal(pulling("owner/repo"))).toEqual([
      "not_found",
      expect.stringContaining("does not exist. Check owner, repository and file name. For a private repository, set HF_TOKEN") as string,
    ]);
  });
});

describe("the hub's answer about a repository", () => {
  test("is waited for as long as the hub asks", async () => {
    info("owner/repo", [{ rfilename: "x.rkllm" }]);
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    const path = `${infoPath("owner/repo")}?blobs=true`;
    hub.faults.set(path, [{ kind: "status", status: 429, headers: { "retry-after": "5" } }, { kind: "hang-up" }]);
    await pulling("owner/repo");
    expect(waits).toEqual([5000, 2000]);
  });

  test("is given up after six tries", async () => {
    hub.faults.set(
      `${infoPath("owner/repo")}?blobs=true`,
      Array.from({ length: 6 }, () => ({ kind: "status", status: 503 }) as const),
    );
    expect((await refusal(pulling("owner/repo")))[1]).toMatch(
      /^Cannot ask what owner\/repo has: .* answered 503, 6 times in a row\. Try again later\.$/,
    );
  });

  test("gives the SHA-256 that the weights have to have", async () => {
    info("owner/repo", [{ rfilename: "x.rkllm", lfs: { sha256: "a".repeat(64), size: 7 } }]);
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    expect((await refusal(pulling("owner/repo")))[1]).toContain(`not ${"a".repeat(64)}: it is damaged`);
  });

  test("gives the size, and a disk too small is told before anything is downloaded", async () => {
    info("owner/repo", [{ rfilename: "x.rkllm", size: 9e15 }]);
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    expect(await refusal(pulling("owner/repo"))).toEqual([
      "download_failed",
      expect.stringMatching(/^Not enough room in .*9,000,000,000 MB more are needed/) as string,
    ]);
    expect(hub.requestsFor("/owner/repo/resolve/main/x.rkllm")).toEqual([]);
  });
});

describe("the original model", () => {
  beforeEach(() => {
    hub.files.set("/owner/repo/resolve/main/x.rkllm", file("weights"));
    hub.files.set("/Base/Model/resolve/main/tokenizer.json", file("{}"));
  });

  test.each([
    ["README.md's front matter", "README.md", "---\nbase_model: Base/Model\n---\n# x"],
    ["config.json", "config.json", '{"_name_or_path":"Base/Model"}'],
  ])("is found by %s where the hub says nothing of it", async (_, name, text) => {
    hub.files.set(`/owner/repo/resolve/main/${name}`, file(text));
    expect((await pulling("owner/repo/x.rkllm")).sidecars).toContain("tokenizer.json");
    expect(notes).toEqual(["Looked for the tokenizer and the template in Base/Model."]);
  });

  test("is not a folder of the converter's machine", async () => {
    hub.files.set("/owner/repo/resolve/main/config.json", file('{"_name_or_path":"/home/me/model"}'));
    await pulling("owner/repo/x.rkllm");
    expect(notes).toEqual([expect.stringMatching(/^No tokenizer was found\./) as string]);
  });
});

test("a model too slow for the board is warned of, and still pulled", async () => {
  info("owner/repo", [{ rfilename: "Qwen3-8B_w8a8_rk3588.rkllm" }]);
  hub.files.set("/owner/repo/resolve/main/Qwen3-8B_w8a8_rk3588.rkllm", file("weights"));
  await pulling("owner/repo", { boardSoc: "rk3588" });
  expect(notes[0]).toStartWith("Too slow to use: ");
});

describe("Ollama's lines", () => {
  const SHA256 = new Bun.CryptoHasher("sha256").update("weights").digest("hex");
  const head = { status: `pulling ${SHA256.slice(0, 12)}`, digest: `sha256:${SHA256}`, total: 7 };
  beforeEach(() => {
    hub.files.set("/owner/repo/resolve/main/x.rkllm", { ...file("weights"), headers: { "x-linked-etag": `"${SHA256}"` } });
    hub.files.set("/owner/repo/resolve/main/tokenizer.json", file("{}"));
  });

  test("go from the manifest to success", async () => {
    await pulling("owner/repo/x.rkllm");
    expect(lines).toEqual([
      { status: "pulling manifest" },
      head,
      { ...head, completed: 7 },
      { status: "verifying sha256 digest" },
      { status: "pulling tokenizer.json", total: 2 },
      { status: "pulling tokenizer.json", total: 2, completed: 2 },
      { status: "writing manifest" },
      { status: "success" },
    ]);
  });

  test("of what is there already are whole from the start", async () => {
    await pulling("owner/repo/x.rkllm");
    lines.length = 0;
    await pulling("owner/repo/x.rkllm");
    expect(lines).toEqual([
      { status: "pulling manifest" },
      { ...head, completed: 7 },
      { status: "writing manifest" },
      { status: "success" },
    ]);
  });

  test("tell of new tries, and do not say success for what failed", async () => {
    hub.faults.set("/owner/repo/resolve/main/x.rkllm", [
      { kind: "status", status: 503 },
      { kind: "status", status: 418 },
    ]);
    await refusal(pulling("owner/repo/x.rkllm"));
    expect(lines).toEqual([
      { status: "pulling manifest" },
      { status: expect.stringMatching(/^x\.rkllm: 127\.0\.0\.1:\d+ answered 503; trying again in 1 s$/) as string },
    ]);
  });
});
