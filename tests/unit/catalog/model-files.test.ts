import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobStore, parseDigest } from "../../../src/catalog/blob-store.ts";
import { isGoTemplate } from "../../../src/catalog/go-template.ts";
import { hubName } from "../../../src/catalog/hub-name.ts";
import { SharedPulls } from "../../../src/catalog/shared-pulls.ts";
import { WeightsDigests } from "../../../src/catalog/weights-digests.ts";
import type { LibraryProgress } from "../../../src/core/model-library.ts";
import { refusal } from "../../support/models-folder.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "model-files-"));
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const NEVER = new AbortController().signal;

function sha256(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

describe("uploads", () => {
  test("are kept by their digest, and found by it", async () => {
    const blobs = new BlobStore(dir);
    await blobs.put(sha256("hello"), pieces("hel", "lo"), 5, NEVER);
    const path = await blobs.find(sha256("hello"));
    expect([await Bun.file(path ?? "").text(), await blobs.find(sha256("other"))]).toEqual(["hello", null]);
  });

  test("that are something else, or end early, leave nothing", async () => {
    const blobs = new BlobStore(dir);
    expect(await refusal(blobs.put(sha256("a"), pieces("b"), 1, NEVER))).toEqual([
      "invalid_request",
      `digest mismatch, expected "sha256:${sha256("a")}", got "sha256:${sha256("b")}"`,
    ]);
    const gone = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      gone.abort();
      await new Promise(() => {});
    }
    expect((await refusal(blobs.put(sha256("a"), endless(), null, gone.signal)))[0]).toBe("cancelled");
    expect((await refusal(blobs.put(sha256("a"), pieces("a"), 1e18, NEVER)))[0]).toBe("body_too_large");
    expect(await readdir(join(dir, ".blobs"))).toEqual([]);
  });

  test("are deleted after a day", async () => {
    const blobs = new BlobStore(dir);
    await blobs.put(sha256("a"), pieces("a"), 1, NEVER);
    await blobs.collect(Date.now() + 23 * 3_600_000);
    expect(await blobs.find(sha256("a"))).not.toBeNull();
    await blobs.collect(Date.now() + 25 * 3_600_000);
    expect(await blobs.find(sha256("a"))).toBeNull();
  });

  test.each(["", "sha256:", `sha256:${"A".repeat(64)}`, `sha256:${"a".repeat(63)}/`, `sha512:${"a".repeat(64)}`])(
    "%j is no digest",
    (digest) => {
      expect(() => parseDigest(digest)).toThrow("invalid digest format");
    },
  );
});

describe("digests of weights", () => {
  test("are found in the background and remembered by size and time", async () => {
    const path = join(dir, "weights");
    await Bun.write(path, "weights");
    const cache = join(dir, "cache/digests.json");
    const file = { path, bytes: 7, modifiedMs: 1 };
    const first = new WeightsDigests(cache);
    expect([first.known(file), first.get(file)]).toEqual([null, null]);
    await first.settled();
    expect([first.get(file), first.get({ ...file, modifiedMs: 2 })]).toEqual([sha256("weights"), null]);
    await first.close();
    // What the cache knows is not read again: the file may be gone.
    await rm(path);
    const second = new WeightsDigests(cache);
    second.get(file);
    await second.settled();
    expect(second.get(file)).toBe(sha256("weights"));
  });

  test("a file that cannot be read has none, and a damaged cache is made anew", async () => {
    const cache = join(dir, "digests.json");
    await Bun.write(cache, '{"x":1}');
    const digests = new WeightsDigests(cache);
    const missing = { path: join(dir, "missing"), bytes: 1, modifiedMs: 1 };
    digests.get(missing);
    await digests.settled();
    expect(digests.known(missing)).toBeNull();
  });
});

describe("one download for several clients", () => {
  test("tells all of them, and stops when the last has gone", async () => {
    const pulls = new SharedPulls();
    const begun: AbortSignal[] = [];
    let tell: (progress: LibraryProgress) => void = () => {};
    const begin = async (onProgress: (progress: LibraryProgress) => void, signal: AbortSignal): Promise<void> => {
      begun.push(signal);
      tell = onProgress;
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));
    };
    const clients = [new AbortController(), new AbortController()];
    const heard: string[] = [];
    const joined = clients.map(async ({ signal }, index) =>
      refusal(pulls.join("x", begin, ({ status }) => void heard.push(`${index} ${status}`), signal)),
    );
    tell({ status: "on" });
    clients[0]?.abort();
    await joined[0];
    tell({ status: "still" });
    expect([begun.length, begun[0]?.aborted, heard]).toEqual([1, false, ["0 on", "1 on", "1 still"]]);
    clients[1]?.abort();
    expect((await Promise.all(joined)).map(([code]) => code)).toEqual(["cancelled", "cancelled"]);
    expect(begun[0]?.aborted).toBe(true);
  });
});

describe("names that may be pulled over the API", () => {
  const endpoint = new URL("https://huggingface.co");

  test.each([
    ["owner/repository", "https://huggingface.co/owner/repository/resolve/main/"],
    ["hf.co/owner/repository:Q4_K_M", "https://huggingface.co/owner/repository/resolve/main/Q4_K_M"],
    ["owner/repository/folder/x.gguf", "https://huggingface.co/owner/repository/resolve/main/folder/x.gguf"],
    ["qwen3:0.6b", "qwen3:0.6b"],
  ])("%j is %j", (name, expected) => {
    expect(hubName(name, endpoint)).toBe(expected);
  });

  test.each(["/etc/x.gguf", "./x.gguf", "~/x.gguf", "file:///x.gguf", "https://example.com/x.gguf", "nothing", "a/b/../c"])(
    "%j is none",
    (name) => {
      expect(() => hubName(name, endpoint)).toThrow();
    },
  );
});

test.each([
  ["{{ .Prompt }}", true],
  ["{{- if .System }}x{{ end }}", true],
  ["{{- range $i, $_ := .Messages }}{{ end }}", true],
  ["{% for message in messages %}{{ message.content }}{% endfor %}", false],
  ["{{ bos_token }}{{ messages[0].content }}", false],
  ["{{ 'a' if x else 'b' }}", false],
  ["plain", false],
])("%j is a Go template: %j", (text, expected) => {
  expect(isGoTemplate(text)).toBe(expected);
});
