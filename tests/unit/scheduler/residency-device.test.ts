/** Values whose loading takes a device that others use. */
import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import { Residency, type ResidencyLimits } from "../../../src/scheduler/residency.ts";
import { handClock, limits, loader, type Named, never, wanted } from "../../support/residency.ts";

/** A house in which loading takes a device, which is given when a test says so. */
function house(change: Partial<ResidencyLimits> = {}) {
  const { events, load } = loader();
  const { clock, advance } = handClock();
  const residency = new Residency<Named>(limits({ countMax: 2, ...change }), clock);
  const device = Promise.withResolvers<void>();
  const leave = async (signal: AbortSignal) => {
    events.push("ask");
    const gone = new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    await Promise.race([device.promise, gone]);
    return () => void events.push("give back");
  };
  const ask = async (begin = load("a"), signal = never()) => residency.acquire({ ...wanted("a", begin), leave }, signal);
  return { events, advance, residency, device, ask, load };
}

test("a value is loaded when the device is its own, which is given back when it is loaded", async () => {
  const { events, device, ask } = house();
  const asked = ask();
  await Bun.sleep(0);
  expect(events).toEqual(["ask"]);
  device.resolve();
  await asked;
  expect(events).toEqual(["ask", "load a", "give back"]);
});

test("the device is given back also when a value cannot be loaded", async () => {
  const { events, device, ask } = house();
  device.resolve();
  const fail = async () => {
    throw new AppError("model_load_failed", "damaged");
  };
  expect(await ask(fail).catch(({ message }: AppError) => message)).toBe("damaged");
  expect(events).toEqual(["ask", "give back"]);
});

test("the wait for the device counts as waiting, and who has waited too long leaves the loading to those who come later", async () => {
  const { events, advance, residency, device, ask } = house({ waitMaxMs: 5000, waitingMax: 1, keepAliveMs: 1000 });
  const patient = [ask(), ask()].map(async (asked) => asked.catch(({ code }: AppError) => code));
  await Bun.sleep(0);
  advance(5000);
  expect(await Promise.all(patient)).toEqual(["queue_timeout", "queue_timeout"]);
  // They are not counted any more, and nothing that is loading is closed for want of use.
  advance(2000);
  const later = ask();
  advance(3000);
  device.resolve();
  const { waitedMs, release } = await later;
  release();
  advance(999);
  expect({ waitedMs, events: [...events] }).toEqual({ waitedMs: 3000, events: ["ask", "load a", "give back"] });
  advance(1);
  expect({ loaded: [...residency.loaded()], last: events.at(-1) }).toEqual({ loaded: [], last: "close a" });
});

test("a client that goes while the device is waited for leaves the loading to those who come later, too", async () => {
  const { events, device, ask, load } = house({ waitingMax: 1 });
  const client = new AbortController();
  const leaving = [ask(load("a"), client.signal), ask(load("a"), client.signal)].map(async (asked) =>
    asked.catch(({ code }: AppError) => code),
  );
  await Bun.sleep(0);
  client.abort();
  expect(await Promise.all(leaving)).toEqual(["cancelled", "cancelled"]);
  const later = ask();
  device.resolve();
  await later;
  expect(events).toEqual(["ask", "load a", "give back"]);
});

test("a client that has gone before the device is asked for does not hear that its loading was given up", async () => {
  const { events, residency, ask, load } = house();
  const client = new AbortController();
  const leaving = ask(load("a"), client.signal).catch(({ code }: AppError) => code);
  client.abort();
  expect(await leaving).toBe("cancelled");
  await residency.close();
  await Bun.sleep(0);
  expect(events).toEqual(["ask"]);
});

test("a value that nobody waits for any more when it is loaded goes after its time", async () => {
  const { events, advance, device, ask } = house({ waitMaxMs: 5000, keepAliveMs: 1000 });
  const asked = ask().catch(({ code }: AppError) => code);
  await Bun.sleep(0);
  advance(5000);
  expect(await asked).toBe("queue_timeout");
  device.resolve();
  await Bun.sleep(0);
  expect(events).toEqual(["ask", "load a", "give back"]);
  advance(1000);
  expect(events.at(-1)).toBe("close a");
});

test("nothing waits for the device any more when everything is being closed", async () => {
  const { events, residency, ask } = house();
  const asked = ask().catch(({ code }: AppError) => code);
  await Bun.sleep(0);
  await residency.close();
  expect([await asked, events]).toEqual(["shutting_down", ["ask"]]);
});
