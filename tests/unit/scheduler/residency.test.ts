import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import { Residency } from "../../../src/scheduler/residency.ts";

const never = () => new AbortController().signal;

/** Loads values that say what happened to them. */
function loader() {
  const events: string[] = [];
  const load = (name: string) => async () => {
    events.push(`load ${name}`);
    return {
      name,
      close: async () => {
        events.push(`close ${name}`);
      },
    };
  };
  return { events, load };
}

test("Residency loads a value once for all who ask for it", async () => {
  const { events, load } = loader();
  const residency = new Residency<Awaited<ReturnType<ReturnType<typeof load>>>>({ countMax: 2, keepAliveMs: Infinity });
  const leases = await Promise.all([residency.acquire("a", load("a"), never()), residency.acquire("a", load("a"), never())]);
  expect(leases.map((lease) => lease.value.name)).toEqual(["a", "a"]);
  expect(events).toEqual(["load a"]);
});

test("Residency closes the value unused for longest before it loads another", async () => {
  const { events, load } = loader();
  const residency = new Residency({ countMax: 2, keepAliveMs: Infinity });
  for (const name of ["a", "b", "a", "c"]) (await residency.acquire(name, load(name), never())).release();
  expect(events).toEqual(["load a", "load b", "close b", "load c"]);
});

test("Residency never closes a value in use; a newcomer waits until one is free", async () => {
  const { events, load } = loader();
  const residency = new Residency({ countMax: 1, keepAliveMs: Infinity });
  const held = await residency.acquire("a", load("a"), never());
  const waiting = residency.acquire("b", load("b"), never());
  expect(events).toEqual(["load a"]);
  held.release();
  await waiting;
  expect(events).toEqual(["load a", "close a", "load b"]);
});

test("Residency lets a waiting newcomer go when its client goes, and the next one in", async () => {
  const { load } = loader();
  const residency = new Residency({ countMax: 1, keepAliveMs: Infinity });
  const held = await residency.acquire("a", load("a"), never());
  const client = new AbortController();
  const leaving = residency.acquire("b", load("b"), client.signal);
  const staying = residency.acquire("c", load("c"), never());
  client.abort();
  expect(leaving).rejects.toMatchObject({ code: "cancelled" });
  held.release();
  expect(await staying).toBeDefined();
});

test("Residency gives the error of a failed loading to all who wait for it, and tries again for the next", async () => {
  const { load } = loader();
  const residency = new Residency({ countMax: 1, keepAliveMs: Infinity });
  const fail = async () => {
    throw new AppError("model_load_failed", "no memory");
  };
  const failing = await Promise.allSettled([residency.acquire("a", fail, never()), residency.acquire("a", fail, never())]);
  expect(failing.map((each) => each.status)).toEqual(["rejected", "rejected"]);
  expect(await residency.acquire("a", load("a"), never())).toBeDefined();
});

test("Residency closes an unused value after its time, and not while it is in use", async () => {
  const closed = Promise.withResolvers<void>();
  const residency = new Residency({ countMax: 1, keepAliveMs: 1 });
  const load = async () => ({ close: async () => closed.resolve() });
  const lease = await residency.acquire("a", load, never());
  expect([...residency.loaded()]).toHaveLength(1);
  lease.release();
  await closed.promise;
  expect([...residency.loaded()]).toEqual([]);
});

test("Residency closes everything at the end and takes nobody afterwards", async () => {
  const { events, load } = loader();
  const residency = new Residency({ countMax: 2, keepAliveMs: Infinity });
  await residency.acquire("a", load("a"), never());
  await residency.close();
  expect(events).toEqual(["load a", "close a"]);
  expect(residency.acquire("a", load("a"), never())).rejects.toMatchObject({ code: "shutting_down" });
});
