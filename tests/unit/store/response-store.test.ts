import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ResponseStore, StoredResponse } from "../../../src/core/stored-response.ts";
import { createResponseStore } from "../../../src/store/response-store.ts";
import type { ResponseStoreOptions } from "../../../src/store/response-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function response(id: string, change: Partial<StoredResponse> = {}): StoredResponse {
  return {
    id,
    owner: "",
    previousId: null,
    object: { id, output: [] },
    input: [{ id: `in_${id}`, text: `question ${id}` }],
    output: [{ id: `out_${id}`, text: `answer ${id} 漢字` }],
    ...change,
  };
}

interface Warning {
  readonly message: string;
  readonly facts: unknown;
}

function openStore(change: Partial<ResponseStoreOptions> = {}): { store: ResponseStore; warnings: Warning[]; path: string } {
  const warnings: Warning[] = [];
  const path = change.path ?? join(temporaryFolder(), "cache", "responses.sqlite");
  const store = createResponseStore({
    path,
    responsesMax: 100,
    bytesMax: 1_000_000,
    ageMaxMs: 1000,
    nowMs: () => 50_000,
    warn: (message, facts) => void warnings.push({ message, facts }),
    ...change,
  });
  return { store, warnings, path };
}

const kept = (store: ResponseStore, ids: readonly string[]): string[] => ids.filter((id) => store.find(id, "") !== null);

describe("what is saved", () => {
  test("comes back as it was, and its items by their own ids", () => {
    const { store } = openStore();
    store.save(response("a"));
    expect([store.find("a", ""), store.findItem("in_a", ""), store.findItem("out_a", ""), store.find("b", ""), store.findItem("b", "")]).toEqual([
      response("a"),
      { id: "in_a", text: "question a" },
      { id: "out_a", text: "answer a 漢字" },
      null,
      null,
    ]); // prettier-ignore
  });

  test("survives the end of the process", () => {
    const { store, path } = openStore();
    store.save(response("a"));
    store.close();
    expect(openStore({ path }).store.find("a", "")).toEqual(response("a"));
  });

  test("survives a process that was killed", () => {
    const { store, path } = openStore();
    store.save(response("a"));
    // The first store is still open, its log not yet in the file.
    expect(openStore({ path }).store.find("a", "")).toEqual(response("a"));
    store.close();
  });

  test("is nobody else's", () => {
    const { store } = openStore();
    store.save(response("a", { owner: "ann" }));
    expect([
      store.find("a", "bob"),
      store.findItem("out_a", "bob"),
      store.conversation("a", "bob", 10),
      store.remove("a", "bob"),
      store.find("a", "ann")?.id,
    ]).toEqual([null, null, null, false, "a"]);
  });

  test("is gone once it was removed, and its items with it", () => {
    const { store, path } = openStore();
    store.save(response("a"));
    expect([store.remove("a", ""), store.remove("a", ""), store.find("a", ""), store.findItem("out_a", "")]).toEqual([
      true,
      false,
      null,
      null,
    ]);
    store.close();
    expect(new Database(path).query("SELECT count(*) AS count FROM items").get()).toEqual({ count: 0 });
  });

  test("can be read by its owner alone", () => {
    const { store, path } = openStore();
    store.save(response("a"));
    const modes = readdirSync(dirname(path)).map((name) => statSync(join(dirname(path), name)).mode & 0o777);
    expect([modes.length > 1, new Set(modes)]).toEqual([true, new Set([0o600])]);
  });

  test("of two items with one id, what the model wrote is found and not a client's copy", () => {
    const { store } = openStore();
    store.save(response("a"));
    store.save(response("b", { input: [{ id: "out_a", text: "changed" }] }));
    expect(store.findItem("out_a", "")).toEqual({ id: "out_a", text: "answer a 漢字" });
  });
});

describe("a conversation", () => {
  const texts = (store: ResponseStore, id: string, itemsMax = 100): unknown =>
    store.conversation(id, "", itemsMax)?.map((item) => item["text"]) ?? null;

  test("is everything from its first response to the one asked for", () => {
    const { store } = openStore();
    store.save(response("a"));
    store.save(response("b", { previousId: "a" }));
    store.save(response("other", { previousId: "a" }));
    store.save(response("c", { previousId: "b", output: [] }));
    expect([texts(store, "c"), texts(store, "a")]).toEqual([
      ["question a", "answer a 漢字", "question b", "answer b 漢字", "question c"],
      ["question a", "answer a 漢字"],
    ]);
  });

  test("without one of its responses there is none", () => {
    const { store } = openStore();
    store.save(response("a"));
    store.save(response("b", { previousId: "a" }));
    store.remove("a", "");
    expect([texts(store, "b"), texts(store, "never")]).toEqual([null, null]);
  });

  test("stops soon after as many items as were asked for", () => {
    const { store } = openStore();
    store.save(response("a"));
    store.save(response("b", { previousId: "a" }));
    store.save(response("c", { previousId: "b" }));
    expect(texts(store, "c", 3)).toHaveLength(4);
  });
});

describe("bounds", () => {
  const save = (store: ResponseStore, ids: readonly string[]): void => ids.forEach((id) => store.save(response(id)));

  test("the oldest go when there are too many", () => {
    const { store } = openStore({ responsesMax: 2 });
    save(store, ["a", "b", "c"]);
    expect(kept(store, ["a", "b", "c"])).toEqual(["b", "c"]);
  });

  test("the oldest go when all together are too large", () => {
    const { store } = openStore({ bytesMax: 250 });
    save(store, ["a", "b", "c"]);
    expect(kept(store, ["a", "b", "c"])).toEqual(["b", "c"]);
  });

  test("one that is too large by itself drives out no other", () => {
    const { store, warnings } = openStore({ bytesMax: 1000 });
    store.save(response("a"));
    store.save(response("b", { output: [{ id: "out_b", text: "x".repeat(1000) }] }));
    expect([kept(store, ["a", "b"]), warnings.map(({ message }) => message)]).toEqual([["a"], ["a response is too large to be kept"]]);
  });

  test("what is too old is gone, whether or not anything was written since", () => {
    let nowMs = 0;
    const { store, path } = openStore({ nowMs: () => nowMs });
    store.save(response("a"));
    nowMs = 1000;
    const before = kept(store, ["a"]);
    nowMs = 1001;
    const after = [...kept(store, ["a"]), store.findItem("out_a", ""), store.conversation("a", "", 10)];
    store.save(response("b"));
    store.close();
    expect([before, after, new Database(path).query("SELECT id FROM responses").all()]).toEqual([["a"], [null, null], [{ id: "b" }]]);
  });

  test("a clock that is set back, or far ahead, loses no response that is saved from then on", () => {
    let nowMs = 50_000;
    const { store } = openStore({ nowMs: () => nowMs });
    store.save(response("a"));
    nowMs = 0;
    store.save(response("b"));
    const before = kept(store, ["a", "b"]);
    nowMs = 1e12;
    store.save(response("c"));
    expect([before, kept(store, ["a", "b", "c"])]).toEqual([["a", "b"], ["c"]]);
  });

  test("a store of none keeps none, and makes no file", () => {
    const { store, path } = openStore({ responsesMax: 0 });
    store.save(response("a"));
    expect([store.keeps, store.find("a", ""), existsSync(path)]).toEqual([false, null, false]);
  });

  test("a store that was closed keeps none and says nothing", () => {
    const { store, warnings } = openStore();
    store.save(response("a"));
    store.close();
    store.save(response("b"));
    expect([store.find("a", ""), warnings]).toEqual([null, []]);
  });
});

describe("a file that cannot be used", () => {
  const laid = (bytes: string | Uint8Array): string => {
    const path = join(temporaryFolder(), "responses.sqlite");
    writeFileSync(path, bytes);
    return path;
  };

  test("is set aside when it is no database, and a new one takes its place", () => {
    const { store, warnings, path } = openStore({ path: laid("no database at all ".repeat(100)) });
    store.save(response("a"));
    expect([store.find("a", "")?.id, existsSync(`${path}.unusable`), warnings]).toEqual([
      "a",
      true,
      [
        {
          message: "the file of responses cannot be read and was set aside",
          facts: { path: `${path}.unusable`, reason: "SQLiteError: file is not a database" },
        },
      ],
    ]);
  });

  test("is set aside when it comes from another version", () => {
    const path = join(temporaryFolder(), "responses.sqlite");
    const other = new Database(path);
    other.run("PRAGMA user_version = 7");
    other.close();
    const { store, warnings } = openStore({ path });
    store.save(response("a"));
    expect([store.find("a", "")?.id, warnings.length]).toEqual(["a", 1]);
  });

  test("is set aside when its pages are damaged while it is in use", () => {
    const first = openStore();
    for (let count = 0; count < 50; count += 1) first.store.save(response(`r${count}`));
    first.store.close();
    const bytes = new Uint8Array(readFileSync(first.path));
    bytes.fill(0xff, 4096);
    const { store, warnings } = openStore({ path: laid(bytes) });
    expect([store.find("r49", ""), warnings.map(({ message }) => message)]).toEqual([
      null,
      ["the file of responses cannot be read and was set aside"],
    ]);
    store.save(response("a"));
    expect(store.find("a", "")?.id).toBe("a");
  });

  test.each([
    ["is deleted", (path: string) => rmSync(path)],
    ["is deleted with its folder", (path: string) => rmSync(dirname(path), { recursive: true })],
    ["is replaced by another", (path: string) => renameSync(openedElsewhere(), path)],
  ])("is begun anew when it %s while it is in use", (_, spoil) => {
    const { store, warnings, path } = openStore();
    store.save(response("a"));
    spoil(path);
    store.save(response("b"));
    expect([kept(store, ["a", "b"]), warnings.map(({ message }) => message)]).toEqual([
      ["b"],
      ["the file of responses is gone, and a new one is begun"],
    ]);
    store.close();
    expect(kept(openStore({ path }).store, ["a", "b"])).toEqual(["b"]);
  });

  const openedElsewhere = (): string => {
    const { store, path } = openStore();
    store.save(response("c"));
    store.close();
    return path;
  };

  test("leaves the responses in memory when it cannot be opened", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "responses.sqlite"));
    const { store, warnings } = openStore({ path: join(folder, "responses.sqlite") });
    store.save(response("a"));
    expect([store.find("a", "")?.id, warnings.map(({ message }) => message)]).toEqual([
      "a",
      ["responses are kept in memory only: their file cannot be opened"],
    ]);
  });
});
