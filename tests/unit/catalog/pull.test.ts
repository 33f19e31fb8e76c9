import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { openCatalog } from "../../../src/catalog/catalog.ts";
import { pull, type PullOptions, type PullProgress, type PullResult } from "../../../src/catalog/pull.ts";
import { AppError } from "../../../src/core/errors.ts";
import { ModelHub } from "../../support/model-hub.ts";
import { idsOf, ModelsFolder, refusal } from "../../support/models-folder.ts";

const FILE = "Qwen3-0.6B_W8A8_RK3588.rkllm";
const PATH = `/owner/repo/resolve/main/${FILE}`;
const WEIGHTS = new Uint8Array(10_000).map((_, index) => (index * 31 + 7) % 251);
const SHA256 = new Bun.CryptoHasher("sha256").update(WEIGHTS).digest("hex");
const text = (content: string) => ({ content: new TextEncoder().encode(content) });

let hub: ModelHub;
let folder: ModelsFolder;
let progress: PullProgress[];
let waits: number[];
beforeEach(async () => {
  hub = await ModelHub.start();
  folder = await ModelsFolder.make();
  progress = [];
  waits = [];
  hub.files.set(PATH, { content: WEIGHTS });
  hub.files.set("/owner/repo/resolve/main/tokenizer.json", text("{}"));
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function pulling(source: string, options: Partial<PullOptions> = {}): Promise<PullResult> {
  return pull(source, {
    modelsDir: folder.dir,
    endpoint: hub.url,
    signal: new AbortController().signal,
    onProgress: (event) => {
      progress.push(event);
      if (event.kind === "bytes" && event.file === FILE) hub.received(event.receivedBytes);
    },
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    ...options,
  });
}

const source = `owner/repo/${FILE}`;
const final = `qwen3-0.6b/${FILE}`;
const content = async (name: string): Promise<Uint8Array> => new Uint8Array(await Bun.file(folder.path(name)).arrayBuffer());
const ranges = (path = PATH): readonly string[] => hub.requestsFor(path).map(({ headers }) => headers.get("range") ?? "all");

describe("a pull from the hub", () => {
  test("puts weights, sidecars and a manifest into a folder, and the model is there", async () => {
    hub.files.set("/owner/repo/resolve/main/chat_template.jinja", text("{{ messages }}"));
    hub.files.set("/owner/repo/resolve/main/config.json", text("<!doctype html> not found"));
    expect(await pulling(source)).toEqual({
      name: "qwen3-0.6b",
      path: folder.path(final),
      bytes: 10_000,
      alreadyPresent: false,
      sidecars: ["tokenizer.json", "chat_template.jinja"],
    });
    expect((await readdir(folder.path("qwen3-0.6b"))).toSorted()).toEqual([FILE, "chat_template.jinja", "model.json", "tokenizer.json"]);
    expect(await content(final)).toEqual(WEIGHTS);
    expect(await Bun.file(folder.path("qwen3-0.6b/model.json")).json()).toEqual({
      file: FILE,
      source: `${hub.url}${PATH}`,
      sha256: SHA256,
    });
    const model = await openCatalog({ modelsDirs: [folder.dir] }).resolve("qwen3:0.6b");
    expect([model.soc, model.unrunnableReason, model.sidecars.tokenizer]).toEqual([
      "rk3588",
      undefined,
      folder.path("qwen3-0.6b/tokenizer.json"),
    ]);
    expect(await readdir(folder.dir)).not.toContain(".pull");
  });

  test("tells where it begins and every byte of progress", async () => {
    await pulling(source);
    const weights = progress.filter((event) => "file" in event && event.file === FILE);
    expect(weights[0]).toEqual({ kind: "start", file: FILE, totalBytes: 10_000, resumedBytes: 0 });
    expect(weights.at(-1)).toEqual({ kind: "bytes", file: FILE, receivedBytes: 10_000, totalBytes: 10_000 });
  });

  test.each(["owner/repo:" + FILE, `hf.co/owner/repo/${FILE}`, `https://huggingface.co/owner/repo/blob/main/${FILE}?download=true`])(
    "%s means the same file",
    async (spelling) => {
      expect((await pulling(spelling)).path).toBe(folder.path(final));
    },
  );

  test("of what is there already fetches nothing but sidecars that are missing", async () => {
    await pulling(source);
    hub.files.set("/owner/repo/resolve/main/tokenizer_config.json", text("{}"));
    const before = hub.requestsFor("/owner/repo/resolve/main/tokenizer.json").length;
    expect(await pulling(source)).toMatchObject({ alreadyPresent: true, sidecars: ["tokenizer_config.json"], bytes: 10_000 });
    expect(hub.requestsFor("/owner/repo/resolve/main/tokenizer.json").length).toBe(before);
  });

  test("of a new version of what is there replaces it", async () => {
    await pulling(source);
    const newer = WEIGHTS.slice(0, 9000).fill(3, 5);
    hub.files.set(PATH, { content: newer, etag: '"two"' });
    expect(await pulling(source)).toMatchObject({ alreadyPresent: false });
    expect(await content(final)).toEqual(newer);
  });

  test("never takes the place of the same file from another repository, unless under another name", async () => {
    await pulling(source);
    hub.files.set(`/other/thing/resolve/main/${FILE}`, { content: WEIGHTS.toReversed() });
    expect(await refusal(pulling(`other/thing/${FILE}`))).toEqual([
      "invalid_request",
      expect.stringMatching(/another .*rkllm already, from .*\/owner\/repo\/.* --name/),
    ]);
    expect(await content(final)).toEqual(WEIGHTS);
    await pulling(`other/thing/${FILE}`, { name: "mine" });
    expect(await content(`mine/${FILE}`)).toEqual(WEIGHTS.toReversed());
  });

  test("under a name of the user's is found by that name", async () => {
    expect(await pulling(source, { name: "Kitchen" })).toMatchObject({ name: "Kitchen", path: folder.path(`kitchen/${FILE}`) });
    expect(await idsOf(folder.open())).toEqual(["kitchen"]);
  });
});

describe("a broken connection", () => {
  test("is taken up where it broke", async () => {
    hub.faults.set(PATH, [{ kind: "cut", bytes: 4000 }, { kind: "cut", bytes: 1000 }, { kind: "hang-up" }]);
    await pulling(source);
    expect(ranges()).toEqual(["all", "bytes=4000-", "bytes=5000-", "bytes=5000-"]);
    expect(hub.requestsFor(PATH).map(({ headers }) => headers.get("if-range") ?? "-")).toEqual(["-", '"one"', '"one"', '"one"']);
    expect(await content(final)).toEqual(WEIGHTS);
    expect(waits).toEqual([1000, 1000, 2000]);
  });

  test("leaves what came for the next run, and no model", async () => {
    hub.faults.set(PATH, [{ kind: "cut", bytes: 4000 }, ...Array.from({ length: 6 }, () => ({ kind: "hang-up" }) as const)]);
    const [code, message] = await refusal(pulling(source));
    expect(code).toBe("download_failed");
    expect(message).toStartWith(`Cannot download ${FILE}: cannot reach 127.0.0.1`);
    expect(message).toEndWith("6 times in a row. What has been downloaded is kept; run the same command again to go on.");
    expect(await idsOf(folder.open())).toEqual([]);
    hub.faults.clear();
    hub.requests.length = 0;
    await pulling(source);
    expect(ranges()).toEqual(["bytes=4000-"]);
    expect(await content(final)).toEqual(WEIGHTS);
    expect(progress.findLast((event) => event.kind === "start" && event.file === FILE)).toMatchObject({ resumedBytes: 4000 });
  });

  test("after the last byte is recognised as whole", async () => {
    hub.faults.set("/owner/repo/resolve/main/tokenizer.json", [{ kind: "status", status: 403 }]);
    await refusal(pulling(source));
    hub.requests.length = 0;
    await pulling(source);
    expect(ranges()).toEqual(["bytes=10000-"]);
    expect(await content(final)).toEqual(WEIGHTS);
  });

  test.each([
    ["ignores ranges", { ignoresRange: true }],
    ["has no ETag", { etag: null }],
    ["has a weak ETag, which proves nothing", { etag: 'W/"one"' }],
  ])("to a server that %s begins anew", async (_, file) => {
    hub.files.set(PATH, { content: WEIGHTS, ...file });
    hub.faults.set(PATH, [{ kind: "cut", bytes: 4000 }]);
    await pulling(source);
    expect(await content(final)).toEqual(WEIGHTS);
  });

  test("to a file that has changed meanwhile does not mix the two", async () => {
    hub.faults.set(PATH, [{ kind: "cut", bytes: 4000 }, ...Array.from({ length: 6 }, () => ({ kind: "hang-up" }) as const)]);
    await refusal(pulling(source));
    hub.faults.clear();
    const newer = WEIGHTS.map((byte) => byte ^ 0x55);
    hub.files.set(PATH, { content: newer, etag: '"two"' });
    await pulling(source);
    expect(await content(final)).toEqual(newer);
  });

  test("by a server that promises more than it has is not taken for the end", async () => {
    hub.faults.set(PATH, [{ kind: "length", bytes: 12_000 }]);
    await pulling(source);
    expect(ranges()).toEqual(["all", "bytes=10000-"]);
    expect(await content(final)).toEqual(WEIGHTS);
  });
});

describe("a server's refusal", () => {
  test.each([429, 500, 502, 503, 408])("%d is tried again", async (status) => {
    hub.faults.set(PATH, [{ kind: "status", status }]);
    await pulling(source);
    expect(waits).toEqual([1000]);
    expect(progress.find((event) => event.kind === "retry")).toMatchObject({ file: FILE, waitMs: 1000 });
  });

  test("with Retry-After is waited for as long as it says, up to two minutes", async () => {
    const busy = (wait: string) => ({ kind: "status", status: 429, headers: { "retry-after": wait } }) as const;
    hub.faults.set(PATH, [busy("7"), busy("86400"), busy("Thu, 01 Jan 1970 00:00:00 GMT"), busy("soon")]);
    await pulling(source);
    expect(waits).toEqual([7000, 120_000, 0, 8000]);
  });

  test("ends after six tries", async () => {
    hub.faults.set(
      PATH,
      Array.from({ length: 6 }, () => ({ kind: "status", status: 503 }) as const),
    );
    expect((await refusal(pulling(source)))[1]).toMatch(/answered 503, 6 times in a row\./);
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  test.each([
    [404, {}, {}, "not_found", /does not exist\. Check owner, repository and file name\.$/],
    [
      401,
      {},
      {},
      "download_failed",
      /does not exist or needs an access token \(401\).* set HF_TOKEN to an access token of an account that may read it\.$/,
    ],
    [403, {}, { token: "hf_x" }, "download_failed", /refused the token \(403\)\. Check that HF_TOKEN is valid/],
    [
      403,
      { "x-error-code": "GatedRepo" },
      {},
      "download_failed",
      /is gated \(403\): accept its terms .*, then set HF_TOKEN to an access token of that account\.$/,
    ],
    [401, { "x-error-code": "RepoNotFound" }, {}, "not_found", /does not exist\. .* For a private repository, set HF_TOKEN to/],
    [418, {}, {}, "download_failed", /answered 418\.$/],
  ] as const)("%d is final", async (status, headers, options, code, message) => {
    hub.faults.set(PATH, [{ kind: "status", status, headers }]);
    const refused = await refusal(pulling(source, options));
    expect(refused).toEqual([code, expect.stringMatching(message) as string]);
    expect(waits).toEqual([]);
    expect(await idsOf(folder.open())).toEqual([]);
  });
});

describe("what is checked before weights become a model", () => {
  test("a given SHA-256", async () => {
    expect(await refusal(pulling(source, { sha256: "0".repeat(64) }))).toEqual([
      "download_failed",
      `${FILE} has the SHA-256 ${SHA256}, not ${"0".repeat(64)}: it is damaged or not the file that was meant. It was deleted.`,
    ]);
    expect(await idsOf(folder.open())).toEqual([]);
    expect(await pulling(source, { sha256: SHA256.toUpperCase() })).toMatchObject({ alreadyPresent: false });
    expect(await pulling(source, { sha256: SHA256 })).toMatchObject({ alreadyPresent: true });
  });

  test("the hub's own SHA-256 and size, from the answer that redirects to the store", async () => {
    const wrong = { "x-linked-etag": `"${"a".repeat(64)}"`, "x-linked-size": "10000" };
    hub.files.set("/store/blob", { content: WEIGHTS });
    hub.files.set(PATH, { content: WEIGHTS, redirect: "/store/blob", headers: wrong });
    expect((await refusal(pulling(source)))[1]).toContain(`not ${"a".repeat(64)}`);
    hub.files.set(PATH, { content: WEIGHTS, redirect: "/store/blob", headers: { ...wrong, "x-linked-etag": `"${SHA256}"` } });
    await pulling(source);
    expect(await content(final)).toEqual(WEIGHTS);
  });

  test("a file longer than the hub says", async () => {
    hub.files.set(PATH, { content: WEIGHTS, headers: { "x-linked-size": "9999" } });
    expect((await refusal(pulling(source)))[1]).toBe(`${FILE} is longer than the server said it would be. Nothing was kept.`);
  });

  test.each([
    ["owner/repo/x.rkllm", "<!DOCTYPE html>", "x.rkllm is a web page, not weights; download it again."],
    ["owner/repo/x.gguf", "no gguf", "x.gguf is not a GGUF file; download it again."],
    ["owner/repo/x.gguf", "GGUF\u0003\0\0\0", /^x\.gguf is damaged: /],
    ["owner/repo/x.rkllm", "", "x.rkllm is empty."],
  ])("%s with the content %j is refused and not kept", async (given, body, message) => {
    hub.files.set(`/owner/repo/resolve/main/${given.slice(11)}`, text(body));
    const [code, said] = await refusal(pulling(given));
    expect(code).toBe("download_failed");
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
    expect(await readdir(folder.dir)).not.toContain(".pull");
  });
});

describe("stopping", () => {
  test("keeps what came, and the next run goes on", async () => {
    const stop = new AbortController();
    hub.faults.set(PATH, [{ kind: "cut", bytes: 4000 }]);
    const stopped = pulling(source, {
      signal: stop.signal,
      wait: () => {
        stop.abort();
        return Promise.resolve();
      },
    });
    expect((await refusal(stopped))[0]).toBe("cancelled");
    expect(await idsOf(folder.open())).toEqual([]);
    await pulling(source);
    expect(ranges()).toEqual(["all", "bytes=4000-"]);
    expect(await content(final)).toEqual(WEIGHTS);
  });

  test("two pulls of one model at once: one is refused, the other is not disturbed", async () => {
    const outcomes = await Promise.allSettled([pulling(source), pulling(source)]);
    // Both ask the hub first, so either may come first to the folder.
    expect(outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.name] : []))).toEqual(["qwen3-0.6b"]);
    expect(outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [AppError.from(outcome.reason)] : []))).toEqual([
      expect.objectContaining({
        code: "invalid_request",
        message: expect.stringContaining("is being pulled already") as string,
      }) as AppError,
    ]);
    expect(await pulling(source)).toMatchObject({ alreadyPresent: true });
  });

  test("a lock of a process that has died is no obstacle", async () => {
    const dead = Bun.spawn(["true"]);
    await dead.exited;
    await folder.put(".pull/qwen3-0.6b/lock", String(dead.pid));
    expect(await pulling(source)).toMatchObject({ alreadyPresent: false });
  });
});
