import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import { type DevicePermit, devicePermits } from "../../../src/scheduler/run-permits.ts";

const NPU = { format: "rkllm" } as ModelDescriptor;
const CPU = { format: "gguf" } as ModelDescriptor;

/** Slots that share a device, and a clock that is moved by hand. */
function device(slots: number, atOnce: number | null = null) {
  let nowMs = 0;
  const permitFor = devicePermits(atOnce, () => nowMs);
  const permits = Array.from({ length: slots }, () => permitFor(NPU)!) as [DevicePermit, ...DevicePermit[]];
  return { permits, pass: (ms: number) => (nowMs += ms), seen: () => permits.map((permit) => [permit.ahead, permit.waitMs()]) };
}

test("the NPU is given to one after the other, in the order they asked", async () => {
  const [a, b] = device(2).permits;
  const order: string[] = [];
  const asked = [a, b!, a].map(async (permit, index) => permit.take().then((giveBack) => ({ giveBack, index: order.push(String(index)) })));
  const first = await asked[0]!;
  expect(order).toEqual(["0"]);
  first.giveBack();
  first.giveBack();
  (await asked[1]!).giveBack();
  (await asked[2]!).giveBack();
  expect(order).toEqual(["0", "1", "2"]);
});

test("nobody asks for the CPU, unless runs are limited on it as well", () => {
  expect(devicePermits(null)(CPU)).toBeNull();
  expect(devicePermits(1)(CPU)).not.toBeNull();
});

test("each slot knows which others are ahead of it, and for how long, once that has been measured", async () => {
  const { permits, pass, seen } = device(3);
  const [a, b] = permits;
  expect(seen()).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const giveBack = await a.take();
  expect(seen()).toEqual([
    [0, 0],
    [1, null],
    [1, null],
  ]);
  pass(60_000);
  giveBack();
  await a.take();
  void b!.take();
  // The one that has it takes half as long still, those that wait take as long as the last did.
  expect(seen()).toEqual([
    [1, 60_000],
    [1, 30_000],
    [2, 90_000],
  ]);
});

test("where several may run at once, as many others are ahead of nobody", async () => {
  const { permits, pass, seen } = device(3, 2);
  const [a, b] = permits;
  const giveBack = await a.take();
  pass(1000);
  giveBack();
  await a.take();
  expect(seen().at(-1)).toEqual([0, 0]);
  await b!.take();
  expect(seen()).toEqual([
    [0, 0],
    [0, 0],
    [1, 250],
  ]);
});

test("what is no turn waits as turns do, says nothing of how long they take, and goes when it is not wanted any more", async () => {
  const { permits, pass, seen } = device(3);
  const [a, b, c] = permits;
  const giveBack = await a.takeAside();
  pass(60_000);
  const closing = new AbortController();
  const gone = b!.takeAside(closing.signal).catch((thrown: unknown) => thrown);
  const next = c!.take();
  closing.abort(new AppError("shutting_down", "The server is shutting down"));
  expect(await gone).toMatchObject({ code: "shutting_down" });
  expect(await b!.takeAside(closing.signal).catch((thrown: unknown) => thrown)).toMatchObject({ code: "shutting_down" });
  giveBack();
  (await next)();
  expect(seen()).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  await a.take();
  // Nothing passed while the only turn went on.
  expect(seen()[1]).toEqual([1, 0]);
});
