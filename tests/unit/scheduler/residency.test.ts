import { expect, test } from "bun:test";
import { Residency } from "../../../src/scheduler/residency.ts";
import { handClock, limits, loader, type Named, never, wanted } from "../../support/residency.ts";

test("Residency loads a value once for all who ask for it", async () => {
  const { events, load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 2 }));
  const leases = await Promise.all([
    residency.acquire(wanted("a", load("a")), never()),
    residency.acquire(wanted("a", load("a")), never()),
  ]);
  expect(leases.map((lease) => lease.value.name)).toEqual(["a", "a"]);
  expect(events).toEqual(["load a"]);
});

test("Residency closes the value unused for longest before it loads another", async () => {
  const { events, load } = loader();
  const residency = new Residency(limits({ countMax: 2 }));
  for (const name of ["a", "b", "a", "c"]) (await residency.acquire(wanted(name, load(name)), never())).release();
  expect(events).toEqual(["load a", "load b", "close b", "load c"]);
});

test("Residency never closes a value in use; a newcomer waits until one is free", async () => {
  const { events, load } = loader();
  const residency = new Residency(limits({ countMax: 1 }));
  const held = await residency.acquire(wanted("a", load("a")), never());
  const waiting = residency.acquire(wanted("b", load("b")), never());
  expect(events).toEqual(["load a"]);
  held.release();
  await waiting;
  expect(events).toEqual(["load a", "close a", "load b"]);
});

test("Residency lets a waiting newcomer go when its client goes, and the next one in", async () => {
  const { load } = loader();
  const residency = new Residency(limits({ countMax: 1 }));
  const held = await residency.acquire(wanted("a", load("a")), never());
  const client = new AbortController();
  const leaving = residency.acquire(wanted("b", load("b")), client.signal);
  const staying = residency.acquire(wanted("c", load("c")), never());
  client.abort();
  expect(leaving).rejects.toMatchObject({ code: "cancelled" });
  held.release();
  expect(await staying).toBeDefined();
});

test("Residency closes an unused value after its time, and not while it is in use", async () => {
  const closed = Promise.withResolvers<void>();
  const residency = new Residency(limits({ countMax: 1, keepAliveMs: 1 }));
  const load = async () => ({ close: async () => closed.resolve() });
  const lease = await residency.acquire(wanted("a", load), never());
  expect([...residency.loaded()]).toHaveLength(1);
  lease.release();
  await closed.promise;
  expect([...residency.loaded()]).toEqual([]);
});

test("Residency closes everything at the end and takes nobody afterwards", async () => {
  const { events, load } = loader();
  const residency = new Residency(limits({ countMax: 2 }));
  await residency.acquire(wanted("a", load("a")), never());
  await residency.close();
  expect(events).toEqual(["load a", "close a"]);
  expect(residency.acquire(wanted("a", load("a")), never())).rejects.toMatchObject({ code: "shutting_down" });
});

test("Residency lets nobody wait for ever behind a model that is always in use", async () => {
  const { events, load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 1 }));
  const held = await residency.acquire(wanted("a", load("a")), never());
  const newcomer = residency.acquire(wanted("b", load("b")), never());
  const later = residency.acquire(wanted("a", load("a")), never());
  held.release();
  (await newcomer).release();
  expect((await later).value.name).toBe("a");
  expect(events).toEqual(["load a", "close a", "load b", "close b", "load a"]);
});

test("Residency loads nothing while an unused value is still being closed", async () => {
  const closing = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const events: string[] = [];
  const load = async () => {
    events.push("load");
    return {
      close: async () => {
        closing.resolve();
        await closed.promise;
        events.push("closed");
      },
    };
  };
  const residency = new Residency(limits({ countMax: 2, keepAliveMs: 1 }));
  (await residency.acquire(wanted("a", load), never())).release();
  await closing.promise;
  const again = residency.acquire(wanted("a", load), never());
  await Bun.sleep(0);
  closed.resolve();
  await again;
  expect(events).toEqual(["load", "closed", "load"]);
});

test("Residency replaces a value whose edition has changed, once nobody uses it", async () => {
  const { events, load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 2 }));
  const old = await residency.acquire(wanted("a", load("old")), never());
  const same = await residency.acquire(wanted("a", load("same")), never());
  const renewed = residency.acquire(wanted("a", load("new"), "2"), never());
  old.release();
  expect(events).toEqual(["load old"]);
  same.release();
  expect((await renewed).value.name).toBe("new");
  expect(events).toEqual(["load old", "close old", "load new"]);
});

test("Residency gives up what is loading when it closes, and begins nothing more", async () => {
  const events: string[] = [];
  const residency = new Residency(limits({ countMax: 1 }));
  const endless = async (signal: AbortSignal) => {
    events.push("load a");
    await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    return { close: async () => {} };
  };
  const loading = residency.acquire(wanted("a", endless), never());
  const waiting = residency.acquire(wanted("b", endless), never());
  await Bun.sleep(0);
  const closed = residency.close();
  expect(await Promise.allSettled([loading, waiting])).toMatchObject([
    { reason: { code: "shutting_down" } },
    { reason: { code: "shutting_down" } },
  ]);
  await closed;
  expect(events).toEqual(["load a"]);
});

test("Residency keeps loading for the next one when the client that asked has gone", async () => {
  const { events, load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 1 }));
  const client = new AbortController();
  const gate = Promise.withResolvers<void>();
  const slow = async () => {
    const loaded = await load("a")();
    await gate.promise;
    return loaded;
  };
  const leaving = residency.acquire(wanted("a", slow), client.signal);
  await Bun.sleep(0);
  client.abort();
  const next = residency.acquire(wanted("a", slow), never());
  gate.resolve();
  (await leaving).release();
  await next;
  expect(events).toEqual(["load a"]);
});

test("Residency holds up nobody for one that waits until its model's older self is out of use", async () => {
  const { events, load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 2 }));
  const busy = await residency.acquire(wanted("a", load("old")), never());
  (await residency.acquire(wanted("b", load("b")), never())).release();
  const renewed = residency.acquire(wanted("a", load("new"), "2"), never());
  (await residency.acquire(wanted("b", load("b")), never())).release();
  (await residency.acquire(wanted("c", load("c")), never())).release();
  expect(events).toEqual(["load old", "load b", "close b", "load c"]);
  busy.release();
  expect((await renewed).value.name).toBe("new");
});

test("Residency holds up nobody for one that waits until its model is unloaded", async () => {
  const { events, load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 2 }));
  const busy = await residency.acquire(wanted("a", load("a")), never());
  (await residency.acquire(wanted("b", load("b")), never())).release();
  const unloaded = residency.unload("a");
  const later = residency.acquire(wanted("a", load("a")), never());
  (await residency.acquire(wanted("b", load("b")), never())).release();
  expect(events).toEqual(["load a", "load b"]);
  busy.release();
  await Promise.all([unloaded, later]);
});

test("Residency holds up nobody who needs nothing of what a newcomer waits for", async () => {
  const { load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 2 }));
  (await residency.acquire({ ...wanted("pinned", load("pinned")), stay: { pinned: true } }, never())).release();
  const busy = await residency.acquire(wanted("a", load("a")), never());
  const newcomer = residency.acquire(wanted("b", load("b")), never());
  (await residency.acquire(wanted("pinned", load("pinned")), never())).release();
  busy.release();
  await newcomer;
});

test("Residency lets nobody use anew what is to make room for a newcomer, in use or not", async () => {
  const { events, load } = loader();
  const residency = new Residency<Named>(limits({ countMax: 9, memory: { budgetBytes: () => 4, availableBytes: () => null } }));
  const busy = await residency.acquire({ ...wanted("a", load("a")), memoryBytes: 3 }, never());
  (await residency.acquire(wanted("unused", load("unused")), never())).release();
  const newcomer = residency.acquire({ ...wanted("large", load("large")), memoryBytes: 4 }, never());
  const later = residency.acquire(wanted("unused", load("unused")), never());
  busy.release();
  (await newcomer).release();
  await later;
  expect(events).toEqual(["load a", "load unused", "close unused", "close a", "load large", "close large", "load unused"]);
});

test("Residency refuses one that has waited for a place as long as it may, and forgets it", async () => {
  const { clock, advance } = handClock();
  const { load } = loader();
  const residency = new Residency<Named>(limits({ waitMaxMs: 5000 }), clock);
  const held = await residency.acquire(wanted("a", load("a")), never());
  const waiting = residency.acquire(wanted("b", load("b")), never()).catch((thrown: unknown) => thrown);
  advance(4999);
  const later = residency.acquire(wanted("a", load("a")), never());
  advance(1);
  expect(await waiting).toMatchObject({
    code: "queue_timeout",
    message: "The request has waited 5 s for its turn (queue_timeout_s). Try again later.",
    details: { retryAfterS: 5 },
  });
  // It waited behind the one that is gone.
  expect((await later).waitedMs).toBe(1);
  held.release();
});

test("Residency tells how long there was no place, without the time of loading", async () => {
  const { clock, advance } = handClock();
  const { load } = loader();
  const residency = new Residency<Named>(limits({ waitMaxMs: 5000 }), clock);
  const held = await residency.acquire(wanted("a", load("a")), never());
  const loading = Promise.withResolvers<Named>();
  const waiting = residency.acquire(
    wanted("b", async () => loading.promise),
    never(),
  );
  advance(2000);
  held.release();
  await Bun.sleep(0);
  advance(60_000);
  loading.resolve(await load("b")());
  expect([held.waitedMs, (await waiting).waitedMs]).toEqual([0, 2000]);
});
