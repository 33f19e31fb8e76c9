import { expect, test } from "bun:test";
import type { Adapter } from "../../../../src/core/model.ts";
import { SessionAdapters } from "../../../../src/runtime/native/session-adapters.ts";

const PIRATE: Adapter = { name: "pirate", path: "/m/pirate_lora.gguf", scale: 1, edition: "1" };
const TERSE: Adapter = { name: "terse", path: "/m/terse_lora.gguf", scale: 1, edition: "1" };

/** Adapters of a handle that notes what it is asked, and returns the codes of the moment. */
function stage() {
  const codes = { load: 0, clear: 0 };
  const asked: string[] = [];
  const adapters = new SessionAdapters({
    load: ({ path, name, scale }) => {
      asked.push(`load ${path} as ${name} by ${scale}`);
      return codes.load;
    },
    clearCache: () => {
      asked.push("clear");
      return codes.clear;
    },
  });
  return { adapters, codes, asked: () => asked.splice(0) };
}

test("an adapter is loaded once, and the cache is emptied between different weights only", () => {
  const { adapters, asked } = stage();
  const names = [undefined, PIRATE, PIRATE, TERSE, undefined, undefined, PIRATE].map((adapter) => [adapters.use(adapter), ...asked()]);
  expect(names).toEqual([
    [null],
    ["pirate-1", "load /m/pirate_lora.gguf as pirate-1 by 1", "clear"],
    ["pirate-1"],
    ["terse-2", "load /m/terse_lora.gguf as terse-2 by 1", "clear"],
    [null, "clear"],
    [null],
    ["pirate-1", "clear"],
  ]);
});

test("another scale and another edition of a file are other weights", () => {
  const { adapters } = stage();
  expect([PIRATE, { ...PIRATE, scale: 0.5 }, { ...PIRATE, edition: "2" }, PIRATE].map((adapter) => adapters.use(adapter))).toEqual([
    "pirate-1",
    "pirate-2",
    "pirate-3",
    "pirate-1",
  ]);
});

test("an adapter that does not load leaves the cache alone, and is tried again", () => {
  const { adapters, codes, asked } = stage();
  adapters.use(TERSE);
  asked();
  codes.load = -1;
  expect(() => adapters.use(PIRATE)).toThrow(
    "The runtime could not load the adapter /m/pirate_lora.gguf (rkllm_load_lora returned -1): it may be damaged, or made for another model",
  );
  expect([adapters.use(TERSE), asked()]).toEqual(["terse-1", ["load /m/pirate_lora.gguf as pirate-2 by 1"]]);
  codes.load = 0;
  expect([adapters.use(PIRATE), asked()]).toEqual(["pirate-2", ["load /m/pirate_lora.gguf as pirate-2 by 1", "clear"]]);
});

test("a cache that cannot be emptied is still the earlier weights' own", () => {
  const { adapters, codes, asked } = stage();
  codes.clear = -1;
  expect(() => adapters.use(PIRATE)).toThrow(
    "The runtime could not empty its KV cache for another adapter (rkllm_clear_kv_cache returned -1)",
  );
  asked();
  expect([adapters.use(undefined), asked()]).toEqual([null, []]);
  codes.clear = 0;
  expect([adapters.use(PIRATE), asked()]).toEqual(["pirate-1", ["clear"]]);
});
