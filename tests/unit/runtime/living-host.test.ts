import { expect, test } from "bun:test";
import type { HostLink } from "../../../src/runtime/host-link.ts";
import { LivingHost, type LivingHostOptions } from "../../../src/runtime/living-host.ts";
import type { PromptKeeper } from "../../../src/runtime/prompt-keeper.ts";
import type { HostCommand, HostEvent, OpenSpec } from "../../../src/runtime/protocol.ts";

const LIMITS = {
  loadTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  pingTimeoutMs: 60_000,
  prefillStallMs: 60_000,
  prefillStallPerTokenMs: 0,
  decodeStallMs: 60_000,
};
const CAPABILITIES = { version: "1.3.0", perRunSampling: true, contextTokens: 64, lanes: 1, threads: 1 };

/** Hosts that open and close at once; each takes as much memory as it is told. */
function stage(growthBytesMax: number, keeping: Pick<LivingHostOptions, "keeperFor" | "permit"> = {}) {
  const hosts: { residentBytes: number; readonly told: string[] }[] = [];
  const grown: number[] = [];
  const launch = (say: (event: HostEvent) => void): HostLink => {
    const end = Promise.withResolvers<string>();
    const host = { residentBytes: 10, told: [] as string[] };
    hosts.push(host);
    return {
      send: ({ kind }: HostCommand) => {
        host.told.push(kind);
        if (kind === "open") say({ kind: "opened", capabilities: CAPABILITIES });
        if (kind === "close") queueMicrotask(() => say({ kind: "closed" }));
      },
      ended: end.promise,
      kill: () => end.resolve("signal SIGKILL"),
      memory: () => ({ residentBytes: host.residentBytes, fileBytes: 0 }),
      outputTail: () => [],
    };
  };
  const living = new LivingHost(
    {
      spec: { model: { id: "tiny" }, options: { contextTokens: 64 } } as OpenSpec,
      launch,
      limits: LIMITS,
      growthBytesMax,
      ...keeping,
      onGrown: ({ grownBytes }) => grown.push(grownBytes),
      onLost: (error) => {
        throw error;
      },
    },
    new AbortController().signal,
  );
  /** Three runs, and one that has cost memory. */
  const grow = async () => {
    await living.get();
    for (const residentBytes of [10, 10, 10, 1000]) {
      hosts[0]!.residentBytes = residentBytes;
      living.begin();
      living.end();
    }
  };
  return { living, hosts, grown, grow };
}

test("a host that has grown is closed before another is opened, without anybody asking", async () => {
  const { living, hosts, grown, grow } = stage(100);
  await grow();
  expect(hosts).toHaveLength(1);
  await Bun.sleep(5);
  expect(grown).toEqual([990]);
  expect(hosts.map(({ told }) => told)).toEqual([["open", "close"], ["open"]]);
  expect((await living.get()).lost).toBeNull();
});

test("the next batch replaces it where it begins before", async () => {
  const { living, hosts, grow } = stage(100);
  await grow();
  living.begin();
  await living.get();
  living.end();
  expect(hosts).toHaveLength(2);
});

test("outside of a turn leave is asked for what parking a host takes, and a batch that begins meanwhile has it already", async () => {
  const leave = Promise.withResolvers<() => void>();
  const asked = Promise.withResolvers<void>();
  const givenBack = Promise.withResolvers<void>();
  const park = async () => {};
  const { living, hosts, grow } = stage(100, {
    keeperFor: () => ({ park, sequences: () => [] }) as unknown as PromptKeeper,
    permit: async () => {
      asked.resolve();
      return leave.promise;
    },
  });
  await grow();
  await asked.promise;
  expect(hosts).toHaveLength(1);
  living.begin();
  await living.get();
  living.end();
  leave.resolve(givenBack.resolve);
  await givenBack.promise;
  expect(hosts.map(({ told }) => told)).toEqual([["open", "close"], ["open"]]);
});

test("outside of a turn the new host is open before leave is given back, also where nothing is parked", async () => {
  const given = Promise.withResolvers<readonly (readonly string[])[]>();
  const { hosts, grow } = stage(100, { permit: async () => () => given.resolve(hosts.map(({ told }) => told)) });
  await grow();
  expect(await given.promise).toEqual([["open", "close"], ["open"]]);
});

test("a host stays while what it holds is being saved", async () => {
  const { living, hosts, grow } = stage(100);
  await grow();
  const saving = Promise.withResolvers<void>();
  const held = living.holding(async () => saving.promise);
  await Bun.sleep(5);
  expect(hosts).toHaveLength(1);
  saving.resolve();
  await held;
  living.begin();
  await living.get();
  expect(hosts).toHaveLength(2);
});

test("no new host is opened for a model that is closed meanwhile, and closing waits for the old one's end", async () => {
  const { living, hosts, grow } = stage(100);
  await grow();
  living.begin();
  await living.close();
  expect(hosts.map(({ told }) => told)).toEqual([["open", "close"]]);
  expect(living.get()).rejects.toMatchObject({ code: "shutting_down" });
});
