/** How long models stay, who is sent away for whom, and what happens when one cannot be loaded. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import { Residency, type ResidencyLimits } from "../../../src/scheduler/residency.ts";
import type { Stay } from "../../../src/scheduler/resident.ts";
import { handClock, limits, loader, type Named, never, wanted } from "../../support/residency.ts";

/** Models that are asked for by name, and what happened to them. */
function house(change: Partial<ResidencyLimits> = {}) {
  const { events, load } = loader();
  const { clock, advance, set } = handClock();
  const residency = new Residency<Named>(limits({ countMax: 2, keepAliveMs: 5000, ...change }), clock);
  const hold = async (name: string, stay: Stay = {}, memoryBytes = 1) =>
    residency.acquire({ ...wanted(name, load(name)), memoryBytes, stay }, never());
  const use = async (name: string, stay: Stay = {}, memoryBytes = 1) => (await hold(name, stay, memoryBytes)).release();
  const expiries = () => Object.fromEntries([...residency.loaded()].map(({ value, expiresAtMs }) => [value.name, expiresAtMs]));
  return { events, advance, set, residency, hold, use, expiries };
}

describe("how long one stays", () => {
  test("is counted from the end of its last use", async () => {
    const { events, advance, hold, expiries } = house();
    const [first, second] = [await hold("a"), await hold("a")];
    advance(4000);
    first.release();
    advance(4000);
    second.release();
    advance(4999);
    expect({ events: [...events], expiries: expiries() }).toEqual({ events: ["load a"], expiries: { a: 13_000 } });
    advance(1);
    expect(events).toEqual(["load a", "close a"]);
  });

  test.each([86_400_000, -86_400_000])("is as long as it was where the clock is set by %d ms", async (byMs) => {
    const { events, advance, set, use, expiries } = house();
    await use("a");
    set(byMs);
    advance(4999);
    // When that is by the date was said before; the next use says it anew.
    expect({ events: [...events], expiries: expiries() }).toEqual({ events: ["load a"], expiries: { a: 5000 } });
    await use("a");
    expect(expiries()).toEqual({ a: byMs + 9999 });
    advance(5000);
    expect(events).toEqual(["load a", "close a"]);
  });

  test("is what was last said for it, until it is loaded anew", async () => {
    const { events, advance, use, expiries } = house();
    await use("a", { keepAliveMs: 60_000 });
    advance(10_000);
    await use("a");
    expect(expiries()).toEqual({ a: 70_000 });
    await use("a", { keepAliveMs: Infinity });
    expect(expiries()).toEqual({ a: null });
    await use("a", { keepAliveMs: 0 });
    expect(events).toEqual(["load a", "close a"]);
    await use("a");
    expect(expiries()).toEqual({ a: 15_000 });
  });

  test("is known while it is being loaded, and so is the name it was last asked for by", async () => {
    const { advance, residency } = house();
    const gate = Promise.withResolvers<Named>();
    const wish = { ...wanted("a", async () => gate.promise), memoryBytes: 7 };
    const first = residency.acquire({ ...wish, stay: { keepAliveMs: 60_000 } }, never());
    advance(1000);
    const second = residency.acquire({ ...wish, askedAs: "a+pirate" }, never());
    expect([[...residency.loading()], [...residency.loaded()]]).toEqual([
      [{ askedAs: "a+pirate", memoryBytes: 7, expiresAtMs: 61_000 }],
      [],
    ]);
    gate.resolve({ name: "a", close: async () => {} });
    for (const { release } of await Promise.all([first, second])) release();
    expect([[...residency.loading()], [...residency.loaded()]]).toMatchObject([[], [{ askedAs: "a+pirate", expiresAtMs: 61_000 }]]);
  });

  test("may be not at all: it goes when the last of those who use it is done", async () => {
    const { events, hold, use } = house();
    const busy = await hold("a");
    await use("a", { keepAliveMs: 0 });
    expect(events).toEqual(["load a"]);
    busy.release();
    expect(events).toEqual(["load a", "close a"]);
  });

  test("follows a change of what holds where nothing was said", async () => {
    const change = { keepAliveMs: 5000 };
    const { clock } = handClock();
    const residency = new Residency<Named>(
      {
        ...limits({ countMax: 1 }),
        ...change,
        get keepAliveMs() {
          return change.keepAliveMs;
        },
      },
      clock,
    );
    const { load } = loader();
    change.keepAliveMs = 90_000;
    (await residency.acquire(wanted("a", load("a")), never())).release();
    expect([...residency.loaded()].map(({ expiresAtMs }) => expiresAtMs)).toEqual([90_000]);
  });

  test("is for ever while it is pinned, whoever wants its place", async () => {
    const { events, advance, use, expiries } = house();
    await use("a", { pinned: true });
    await use("b");
    await use("c");
    advance(100_000);
    expect({ events, expiries: expiries() }).toEqual({
      events: ["load a", "load b", "close b", "load c", "close c"],
      expiries: { a: null },
    });
    await use("a", { pinned: false });
    expect(expiries()).toEqual({ a: 105_000 });
  });

  test("does not begin anew when another edition takes the place of a pinned one", async () => {
    const { residency, use, expiries } = house();
    await use("a", { pinned: true });
    const { load } = loader();
    (await residency.acquire(wanted("a", load("a"), "2"), never())).release();
    expect(expiries()).toEqual({ a: null });
  });
});

describe("unloading", () => {
  test("says whether there was something to unload, and resolves when it is closed", async () => {
    const { events, residency, use } = house();
    await use("a", { pinned: true });
    expect([await residency.unload("a"), await residency.unload("a")]).toEqual([true, false]);
    expect(events).toEqual(["load a", "close a"]);
  });

  test("waits for what runs; who comes later has it loaded anew", async () => {
    const { events, residency, hold } = house();
    const busy = await hold("a");
    const unloaded = residency.unload("a").then(() => events.push("unloaded"));
    const later = hold("a");
    await Bun.sleep(0);
    expect(events).toEqual(["load a"]);
    busy.release();
    await Promise.all([later, unloaded]);
    expect(events.toSorted()).toEqual(["close a", "load a", "load a", "unloaded"]);
  });
});

describe("memory", () => {
  const gigabytes = (count: number) => count * 1e9;

  test("is made by those unused for longest, and by no more of them than it takes", async () => {
    const { events, use } = house({ countMax: 9, memory: { budgetBytes: () => gigabytes(10), availableBytes: () => null } });
    for (const name of ["a", "b", "c"]) await use(name, {}, gigabytes(3));
    await use("d", {}, gigabytes(5));
    expect(events).toEqual(["load a", "load b", "load c", "close a", "close b", "load d"]);
  });

  test("is waited for where the models that have it are in use", async () => {
    const { events, hold } = house({ countMax: 9, memory: { budgetBytes: () => gigabytes(4), availableBytes: () => null } });
    const busy = await hold("a", {}, gigabytes(3));
    const waiting = hold("b", {}, gigabytes(3));
    await Bun.sleep(0);
    expect(events).toEqual(["load a"]);
    busy.release();
    await waiting;
    expect(events).toEqual(["load a", "close a", "load b"]);
  });

  test("that there will not be is refused with the figures, and nobody is sent away for it", async () => {
    const { events, use } = house({ countMax: 9, memory: { budgetBytes: () => gigabytes(4), availableBytes: () => null } });
    await use("a", {}, gigabytes(1));
    await use("b", { pinned: true }, gigabytes(2));
    const refused = await use("c", {}, gigabytes(3)).catch((thrown: AppError) => `${thrown.code}: ${thrown.message}`);
    expect({ events, refused }).toEqual({
      events: ["load a", "load b"],
      refused:
        "out_of_memory: The model c needs about 3.0 GB of memory, and 1.0 GB are free. Unloading a (1.0 GB) would not be enough. " +
        "Pinned: b (2.0 GB). Use a smaller model or a shorter context (max_context_len), or set memory_budget_bytes.",
    });
  });

  test("of the system is counted without what loading models will take, and without pages of loaded ones' files", async () => {
    const free = { bytes: gigabytes(10) };
    const memory = { budgetBytes: () => null, availableBytes: () => free.bytes };
    const { events, residency, hold, use } = house({ countMax: 9, memory });
    const loading = Promise.withResolvers<Named>();
    const first = residency.acquire({ ...wanted("a", async () => loading.promise), memoryBytes: gigabytes(4) }, never());
    const second = hold("b", {}, gigabytes(6));
    await Bun.sleep(0);
    expect(events).toEqual([]);
    loading.resolve({ name: "a", close: async () => {}, cachedBytes: () => gigabytes(2) });
    (await second).release();
    (await first).release();
    free.bytes = gigabytes(4);
    const refused = await use("c", {}, gigabytes(13)).catch((thrown: AppError) => thrown.message);
    expect(refused).toContain("about 13.0 GB of memory, and 1.6 GB are free. Unloading a (4.0 GB), b (6.0 GB) would not");
  });

  test("that was short after all is made once, and the loading tried again", async () => {
    const { events, residency, use } = house();
    await use("a");
    const { load } = loader();
    let tries = 0;
    const hungry = async () => {
      events.push("try b");
      if (++tries === 1) throw new AppError("out_of_memory", "no memory");
      return load("b")();
    };
    await residency.acquire(wanted("b", hungry), never());
    expect(events).toEqual(["load a", "try b", "close a", "try b"]);
  });

  test("that nobody can make is the error of the loading", async () => {
    const { residency } = house();
    let tries = 0;
    const hungry = async () => {
      tries++;
      throw new AppError("out_of_memory", "no memory");
    };
    expect(residency.acquire(wanted("b", hungry), never())).rejects.toMatchObject({ message: "no memory" });
    await Bun.sleep(0);
    expect(tries).toBe(1);
  });
});

describe("the NPU's memory", () => {
  const megabytes = (count: number) => count * 1e6;
  /** A house of models on the NPU, with memory without end. */
  const npu = () => {
    const { events, residency } = house({ countMax: 9 });
    const { load } = loader();
    const hold = async (name: string, domain: number, bytes: number, stay = {}) =>
      residency.acquire(
        {
          ...wanted(name, async () => {
            events.push(`load ${name}`);
            return { ...(await load(name)()), close: async () => void events.push(`close ${name}`) };
          }),
          npu: { domain, bytes },
          stay,
        },
        never(),
      );
    const use = async (...given: Parameters<typeof hold>) => (await hold(...given)).release();
    return { events, hold, use };
  };

  test("is of 4 GB for models of one domain, whatever memory is free: those unused for longest go, and nobody of another", async () => {
    const { events, use } = npu();
    await use("elsewhere", 1, megabytes(4000));
    for (const name of ["a", "b", "c"]) await use(name, 0, megabytes(1550));
    expect(events).toEqual(["load elsewhere", "load a", "load b", "close a", "load c"]);
  });

  test("of a model that is larger goes on into the next domain", async () => {
    const { events, use } = npu();
    await use("next", 1, megabytes(4000));
    await use("after", 2, megabytes(4000));
    await use("large", 0, megabytes(5000));
    expect(events).toEqual(["load next", "load after", "close next", "load large"]);
  });

  test("is waited for where it is in use", async () => {
    const { events, hold } = npu();
    const busy = await hold("a", 0, megabytes(3000));
    const waiting = hold("b", 0, megabytes(3000));
    await Bun.sleep(0);
    expect(events).toEqual(["load a"]);
    busy.release();
    await waiting;
    expect(events).toEqual(["load a", "close a", "load b"]);
  });

  test("that a pinned model has is refused to another, with the way out", async () => {
    const { use } = npu();
    await use("a", 0, megabytes(3000), { pinned: true });
    expect(await use("b", 0, megabytes(3000)).catch((thrown: AppError) => `${thrown.code}: ${thrown.message}`)).toBe(
      "out_of_memory: The model b does not fit into the NPU's memory domain 0, of 4 GB, beside a, which is pinned. Unload one of them, " +
        "or give one of the models another base_domain_id in inference_config.json.",
    );
    await use("b", 1, megabytes(3000));
  });
});

test("a newcomer is refused where every place is taken by a pinned one", async () => {
  const { use } = house();
  await use("a", { pinned: true });
  await use("b", { pinned: true });
  expect(use("c")).rejects.toMatchObject({
    code: "out_of_memory",
    message: "Every place for a loaded model is taken by one that is pinned: a, b. Unload one of them, or raise models_loaded_max.",
  });
});

test("those who wait for a model to load count as waiting for it", async () => {
  const { residency } = house({ waitingMax: 1 });
  const loading = Promise.withResolvers<Named>();
  const ask = async (name: string, client = "somebody") =>
    residency.acquire({ ...wanted(name, async () => loading.promise), client }, never());
  const patient = [ask("a"), ask("a"), ask("b")];
  expect(ask("a")).rejects.toMatchObject({ code: "queue_full", details: { retryAfterS: 5 } });
  // As in the queue of a loaded one.
  patient.push(ask("a", "somebody else"));
  expect(ask("a", "a third")).rejects.toMatchObject({ code: "queue_full" });
  loading.resolve({ name: "a", close: async () => {} });
  expect(await Promise.all(patient)).toHaveLength(4);
  expect(await ask("a")).toBeDefined();
});

test("who finds no place while a model loads is told when that is likely to be over, as soon as a loading was measured", async () => {
  const { residency, advance } = house({ waitingMax: 1 });
  const loads: PromiseWithResolvers<Named>[] = [];
  const ask = async (name: string, memoryBytes: number) => {
    const load = Promise.withResolvers<Named>();
    const begin = async () => {
      loads.push(load);
      return load.promise;
    };
    return residency.acquire({ ...wanted(name, begin), memoryBytes }, never());
  };
  /** Loads one for so long, and asks once more than it may be asked after each of these times. */
  const refusals = async (name: string, memoryBytes: number, ms: number, askedAtMs: readonly number[]) => {
    const patient = [ask(name, memoryBytes), ask(name, memoryBytes)];
    await Bun.sleep(0);
    const told: unknown[] = [];
    let nowMs = 0;
    for (const atMs of askedAtMs) {
      advance(atMs - nowMs);
      nowMs = atMs;
      told.push(await ask(name, memoryBytes).catch(({ details }: AppError) => details.retryAfterS));
    }
    advance(ms - nowMs);
    loads.pop()!.resolve({ name, close: async () => {} });
    for (const { release } of await Promise.all(patient)) release();
    return told;
  };
  expect(await refusals("a", 10, 20_000, [1000])).toEqual([5]);
  await residency.unload("a");
  expect(await refusals("a", 10, 22_000, [1000, 19_500, 21_000])).toEqual([19, 1, 5]);
  expect(await refusals("twice as large", 20, 44_000, [4000])).toEqual([40]);
});

describe("a loading that fails", () => {
  const fail = (tries: string[]) => async (): Promise<Named> => {
    tries.push("try");
    throw new AppError("model_load_failed", "damaged");
  };

  test("is the error of all who wait for it, and for some seconds of those who come after them", async () => {
    const { advance, residency } = house();
    const tries: string[] = [];
    const ask = async () => residency.acquire(wanted("a", fail(tries)), never()).catch((thrown: AppError) => thrown.message);
    const { load } = loader();
    expect(await Promise.all([ask(), ask()])).toEqual(["damaged", "damaged"]);
    expect(await ask()).toBe("damaged");
    expect(tries).toHaveLength(1);
    advance(2000);
    expect(await ask()).toBe("damaged");
    advance(3999);
    expect(await ask()).toBe("damaged");
    expect(tries).toHaveLength(2);
    advance(1);
    expect(await residency.acquire(wanted("a", load("a")), never())).toBeDefined();
  });

  test.each([86_400_000, -86_400_000])("is remembered for as long as it was where the clock is set by %d ms", async (byMs) => {
    const { advance, set, residency } = house();
    const ask = async () => residency.acquire(wanted("a", loader().load("a")), never()).catch((thrown: AppError) => thrown.message);
    await residency.acquire(wanted("a", fail([])), never()).catch(() => {});
    set(byMs);
    advance(1999);
    expect(await ask()).toBe("damaged");
    advance(1);
    expect(await ask()).toMatchObject({ value: { name: "a" } });
  });

  test("is forgotten when the file changes", async () => {
    const { residency } = house();
    await residency.acquire(wanted("a", fail([])), never()).catch(() => {});
    const { load } = loader();
    expect(await residency.acquire(wanted("a", load("a"), "2"), never())).toBeDefined();
  });
});
