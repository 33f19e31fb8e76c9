/** Large files over several connections, with everything that can go wrong with one of them. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { download, type DownloadOptions, type DownloadProgress } from "../../../src/catalog/download.ts";
import type { Downloaded } from "../../../src/catalog/partial-file.ts";
import { type HubFault, type HubFile, ModelHub } from "../../support/model-hub.ts";
import { ModelsFolder, refusal } from "../../support/models-folder.ts";

const CONTENT = new Uint8Array(200_003).map((_, index) => (index * 31 + (index >> 8)) % 251);
const SHA256 = new Bun.CryptoHasher("sha256").update(CONTENT).digest("hex");
const HEADERS = { "accept-ranges": "bytes", "x-linked-etag": `"${SHA256}"` };
/** Where the four connections begin. */
const STARTS = [0, 50_000, 100_001, 150_002];

let hub: ModelHub;
let folder: ModelsFolder;
let progress: DownloadProgress[];
let waits: number[];
/** Three of the four stretches have come. */
let threeThere: PromiseWithResolvers<void>;
beforeEach(async () => {
  hub = await ModelHub.start();
  folder = await ModelsFolder.make();
  progress = [];
  waits = [];
  threeThere = Promise.withResolvers();
  serve({});
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function serve(file: Partial<HubFile>): void {
  hub.files.set("/big", { content: CONTENT, headers: HEADERS, ...file });
}
const path = (): string => folder.path("big.partial");
function downloading(options: Partial<DownloadOptions> = {}): Promise<Downloaded> {
  return download({ url: new URL(`${hub.url}/big`), token: "hf_secret" }, path(), {
    file: "big",
    signal: new AbortController().signal,
    onProgress: (event) => {
      progress.push(event);
      if (event.kind !== "bytes") return;
      hub.received(event.receivedBytes);
      if (event.receivedBytes >= 150_002) threeThere.resolve();
    },
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    parallelBytesMin: 100_000,
    ...options,
  });
}
const ranges = (): readonly string[] => hub.requestsFor("/big").map(({ headers }) => headers.get("range") ?? "all");
const content = async (): Promise<Uint8Array> => new Uint8Array(await Bun.file(path()).arrayBuffer());
const faults = (start: number, ...list: readonly HubFault[]): unknown => hub.faults.set(`/big#${start}`, [...list]);
const hangUps = Array.from({ length: 6 }, () => ({ kind: "hang-up" }) as const);

describe("a large file", () => {
  test("comes over four connections and is checked as a whole", async () => {
    expect(await downloading()).toEqual({ bytes: CONTENT.length, sha256: SHA256 });
    expect(await content()).toEqual(CONTENT);
    expect(ranges().toSorted()).toEqual(["all", "bytes=0-49999", "bytes=100001-150001", "bytes=150002-200002", "bytes=50000-100000"]);
    expect(hub.requestsFor("/big").map(({ headers }) => headers.get("if-range"))).toEqual([
      undefined,
      '"one"',
      '"one"',
      '"one"',
      '"one"',
    ] as never);
    expect(progress.at(-1)).toEqual({ kind: "bytes", file: "big", receivedBytes: CONTENT.length, totalBytes: CONTENT.length });
    expect(progress[0]).toEqual({ kind: "start", file: "big", totalBytes: CONTENT.length, resumedBytes: 0, sha256: SHA256 });
  });

  test.each([
    ["is not large", { parallelBytesMin: 300_000 }, {}],
    ["is on a server that says nothing of ranges", {}, { headers: {} }],
    ["is on a server that refuses ranges", {}, { headers: { "accept-ranges": "none" } }],
    ["has no strong ETag", {}, { etag: 'W/"one"' }],
  ] as const)("that %s comes over one connection", async (_, options, file) => {
    serve(file);
    await downloading(options);
    expect(await content()).toEqual(CONTENT);
    expect(ranges()).toEqual(["all"]);
  });

  test("of a server that promises ranges and sends none is fetched whole", async () => {
    serve({ ignoresRange: true });
    await downloading();
    expect(await content()).toEqual(CONTENT);
    expect(ranges().at(-1)).toBe("all");
    expect(progress.findLast((event) => event.kind === "retry")).toMatchObject({
      reason: "the server sends no parts of the file",
      waitMs: 0,
    });
  });

  test("with another SHA-256 than it should have is deleted", async () => {
    serve({ headers: { ...HEADERS, "x-linked-etag": `"${"a".repeat(64)}"` } });
    expect((await refusal(downloading()))[1]).toBe(
      `big has the SHA-256 ${SHA256}, not ${"a".repeat(64)}: it is damaged or not the file that was meant. It was deleted.`,
    );
    expect(await readdir(folder.dir)).toEqual([]);
  });

  test("sends the token to no store that the hub redirects to", async () => {
    await using store = await ModelHub.start();
    store.files.set("/blob", { content: CONTENT, headers: { "accept-ranges": "bytes" } });
    serve({ redirect: `${store.url}/blob` });
    await downloading();
    expect(await content()).toEqual(CONTENT);
    expect(store.requests.map(({ headers }) => headers.has("authorization"))).toEqual([false, false, false, false, false]);
    expect(hub.requests.map(({ headers }) => headers.get("authorization"))).toEqual(hub.requests.map(() => "Bearer hf_secret"));
  });
});

describe("one of the connections", () => {
  test.each([
    ["is hung up on", { kind: "hang-up" }],
    ["ends early", { kind: "truncate", bytes: 1000 }],
    ["is refused for now", { kind: "status", status: 503 }],
  ] as const)("%s and is taken up again, the others go on", async (_, fault) => {
    faults(100_001, fault);
    await downloading();
    expect(await content()).toEqual(CONTENT);
    expect(waits).toEqual([1000]);
  });

  test("waits as long as the server asks", async () => {
    faults(50_000, { kind: "status", status: 429, headers: { "retry-after": "9" } });
    await downloading();
    expect([await content(), waits]).toEqual([CONTENT, [9000]]);
  });

  test("fails for good: the others' stretches are kept, and the next run asks for the rest alone", async () => {
    faults(150_002, ...hangUps);
    const [code, message] = await refusal(
      downloading({
        // The others come to their end before the last try.
        wait: () => threeThere.promise,
      }),
    );
    expect(code).toBe("download_failed");
    expect(message).toMatch(
      /^Cannot download big: cannot reach 127\.0\.0\.1:\d+ \(\w+\), 6 times in a row\. What has been downloaded is kept;/,
    );
    hub.requests.length = 0;
    progress.length = 0;
    await downloading();
    expect(await content()).toEqual(CONTENT);
    expect(ranges()).toEqual(["bytes=150002-200002"]);
    expect(progress[0]).toMatchObject({ kind: "start", resumedBytes: 150_002 });
  });
});

describe("a stopped download", () => {
  /** Stops when three stretches are there and the last cannot be had. */
  async function stopped(): Promise<void> {
    const stop = new AbortController();
    faults(150_002, ...hangUps);
    const wait = async (): Promise<void> => {
      await threeThere.promise;
      stop.abort();
    };
    expect((await refusal(downloading({ signal: stop.signal, wait })))[0]).toBe("cancelled");
    hub.faults.clear();
    hub.requests.length = 0;
  }

  test("goes on where each connection was", async () => {
    await stopped();
    expect(await downloading()).toEqual({ bytes: CONTENT.length, sha256: SHA256 });
    expect([await content(), ranges()]).toEqual([CONTENT, ["bytes=150002-200002"]]);
  });

  test("begins anew when the file on the server is another", async () => {
    await stopped();
    const newer = CONTENT.map((byte) => byte ^ 0x55);
    serve({ content: newer, etag: '"two"', headers: { "accept-ranges": "bytes" } });
    await downloading();
    expect(await content()).toEqual(newer);
  });

  test("begins anew when its note is damaged, or the file has been cut", async () => {
    for (const spoil of [() => Bun.write(`${path()}.json`, '{"ranges":[[9,1]]}'), () => Bun.write(path(), "short")]) {
      await stopped();
      await spoil();
      await downloading();
      expect(await content()).toEqual(CONTENT);
      await Bun.file(path()).delete();
    }
  });

  test("of one connection is shared out when the rest is large", async () => {
    hub.faults.set("/big", [{ kind: "cut", bytes: 60_000 }, ...hangUps]);
    await refusal(downloading({ parallelBytesMin: 300_000 }));
    hub.requests.length = 0;
    hub.faults.clear();
    await downloading({ parallelBytesMin: 100_000 });
    expect([await content(), ranges().length]).toEqual([CONTENT, 5]);
    expect(ranges()[0]).toBe("bytes=60000-");
  });
});

test("the connections share out every byte once", async () => {
  expect(STARTS).toEqual([0, 1, 2, 3].map((index) => Math.floor((CONTENT.length * index) / 4)));
  await downloading();
  expect(STARTS.map((start) => ranges().filter((range) => range.startsWith(`bytes=${start}-`)).length)).toEqual([1, 1, 1, 1]);
});
