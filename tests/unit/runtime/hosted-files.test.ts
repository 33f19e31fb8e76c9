/** Files of prompts between the runs of a slot: what waits for them, and what becomes of them when hosts are lost and models closed. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { HashedSequence, WrittenSequence } from "../../../src/core/prompt-cache.ts";
import { HostedSlot } from "../../../src/runtime/hosted-slot.ts";
import { PromptKeeper } from "../../../src/runtime/prompt-keeper.ts";
import type { HostEvent, OpenSpec } from "../../../src/runtime/protocol.ts";
import { createPromptCache } from "../../../src/store/prompt-cache.ts";
import { PlayedHost } from "../../support/played-host.ts";
import { gathering } from "../../support/running-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SPEC = { model: { id: "tiny" }, options: { contextTokens: 1024 } } as OpenSpec;
const CAPABILITIES = { version: "1.3.0", perRunSampling: true, contextTokens: 1024, lanes: 1, threads: 1 };
const STATS = { prefillTokens: 1000, prefillMs: 10_000, decodeTokens: 1, decodeMs: 1, memoryMb: 1 };
const LIMITS = {
  loadTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  pingTimeoutMs: 60_000,
  prefillStallMs: 60_000,
  prefillStallPerTokenMs: 0,
  decodeStallMs: 60_000,
};
const INPUT = { kind: "completion", prompt: "Hi" } as const;
const REQUEST = { input: INPUT, reasoning: { mode: "auto" } } as const;
const never = () => new AbortController().signal;
const chat = (name: string, steps = 10): WrittenSequence => ({
  tokens: steps * 32 + 5,
  prefixes: Array.from({ length: steps }, (_, step) => `${name}${step}`),
  ids: `${name}${steps}`,
});

/** Hosts of one slot, which keeps prompts on disk and asks leave to park them. */
function stage(change: { over?: AbortSignal; permit?: () => Promise<() => void>; abortTimeoutMs?: number } = {}) {
  const hosts: PlayedHost[] = [];
  const permits: string[] = [];
  const cache = createPromptCache({
    folder: temporaryFolder(),
    bytesMax: 1e6,
    ageMaxMs: 1e9,
    bytesWrittenPerDayMax: 1e6,
    warn: (message) => expect.unreachable(message),
  });
  const opening = HostedSlot.open(
    {
      spec: SPEC,
      launch: (say) => {
        const host = new PlayedHost(say, (killed) => killed.die("signal SIGKILL"));
        hosts.push(host);
        return host.link;
      },
      limits: { ...LIMITS, abortTimeoutMs: change.abortTimeoutMs ?? LIMITS.abortTimeoutMs },
      keeperFor: () =>
        new PromptKeeper({
          cache,
          spaceOf: () => ({ model: "tiny", key: "ab12" }),
          sequences: () => [],
          bytesPerToken: 1,
          ratesBefore: null,
          keepRates: () => {},
          loadsAfterAbort: true,
          onFault: (path) => expect.unreachable(path),
        }),
      permit:
        change.permit ??
        (async () => {
          permits.push("taken");
          return () => void permits.push("given back");
        }),
      onLost: () => {},
    },
    change.over ?? never(),
  );
  const said = (host: PlayedHost, event: HostEvent) => host.say(event);
  const opened = async () => {
    said(hosts.at(-1)!, { kind: "opened", capabilities: CAPABILITIES });
    return opening;
  };
  return { hosts, permits, opened };
}

/** A prompt that is ready to run in a host. */
async function prepared(slot: HostedSlot, host: PlayedHost, { tokens, prefixes }: HashedSequence): Promise<number> {
  host.told.length = 0;
  const preparing = slot.prepare(REQUEST);
  await answerPrepare(host, { tokens, prefixes });
  return (await preparing).promptId;
}

async function answerPrepare(host: PlayedHost, { tokens, prefixes }: HashedSequence): Promise<void> {
  const { promptId } = await host.hears("prepare");
  const format = { reasoning: null, toolSyntax: "hermes" } as const;
  host.say({ kind: "prepared", prompt: { promptId, promptTokens: tokens, format, opening: "", prefixes } });
}

function start(slot: HostedSlot, promptId: number, tokensMax = 1) {
  const { reader, events } = gathering();
  return { events, over: slot.run({ sampling: {} as never, members: [{ promptId, tokensMax, signal: never(), reader }] }) };
}

/** A slot whose host has answered one chat and holds it. */
async function holding(held: HashedSequence, change: Parameters<typeof stage>[0] = {}) {
  const { opened, ...rest } = stage(change);
  const slot = await opened();
  const host = rest.hosts[0]!;
  const promptId = await prepared(slot, host, held);
  const { over } = start(slot, promptId);
  await host.hears("run");
  host.say({ kind: "ended", promptId, reason: "length", stats: STATS });
  host.say({ kind: "idle", held });
  await over;
  return { ...rest, slot, host };
}

const kindsOf = (host: PlayedHost) => host.told.map(({ kind }) => kind);

test("a model is closed once the file that is being written is, and what waited for that does not run any more", async () => {
  const { slot, host } = await holding(chat("a"));
  const promptId = await prepared(slot, host, chat("b"));
  const { events } = start(slot, promptId);
  const { path } = await host.hears("save_prompt");
  const closed = slot.close();
  await Promise.resolve();
  expect(kindsOf(host)).toEqual(["prepare", "save_prompt"]);
  writeFileSync(path, "KV");
  host.say({ kind: "prompt_saved", saved: chat("a") });
  expect(events).rejects.toMatchObject({ code: "shutting_down" });
  await host.hears("close");
  host.say({ kind: "closed" });
  await closed;
  // It holds nothing that is not on disk.
  expect(kindsOf(host)).toEqual(["prepare", "save_prompt", "close"]);
});

test("what a host holds is written with a permit before its model is closed, also where it is closed twice", async () => {
  const { slot, host, permits } = await holding(chat("a"));
  const closed = Promise.all([slot.close(), slot.close()]);
  const { path } = await host.hears("save_prompt");
  expect(permits).toEqual(["taken"]);
  writeFileSync(path, "KV");
  host.say({ kind: "prompt_saved", saved: chat("a") });
  await host.hears("close");
  host.say({ kind: "closed" });
  await closed;
  expect(permits).toEqual(["taken", "given back"]);
  expect(kindsOf(host).filter((kind) => kind === "save_prompt")).toHaveLength(1);
});

describe("when everything is being closed", () => {
  test("a file that takes for ever to be written is not waited for longer than an abort", async () => {
    const over = new AbortController();
    const { slot, host } = await holding(chat("a"), { over: over.signal, abortTimeoutMs: 1 });
    const closed = slot.close();
    await host.hears("save_prompt");
    over.abort();
    await host.hears("close");
    host.say({ kind: "closed" });
    await closed;
  });

  test("leave to write a file is not waited for longer either, and given back when it comes", async () => {
    const leave = Promise.withResolvers<() => void>();
    const givenBack = Promise.withResolvers<void>();
    const { slot, host } = await holding(chat("a"), {
      over: AbortSignal.timeout(20),
      abortTimeoutMs: 1,
      permit: async () => leave.promise,
    });
    const closed = slot.close();
    await host.hears("close");
    host.say({ kind: "closed" });
    await closed;
    leave.resolve(() => givenBack.resolve());
    await givenBack.promise;
    expect(kindsOf(host)).not.toContain("save_prompt");
  });
});

test("a prompt that is longer in a new host has no more room than there is behind it", async () => {
  const { slot, host, hosts } = await holding(chat("a"));
  const promptId = await prepared(slot, host, { tokens: 900, prefixes: [] });
  host.die("signal SIGSEGV");
  await host.link.ended;
  const { over } = start(slot, promptId, 120);
  while (hosts.length < 2) await Promise.resolve();
  const next = hosts[1]!;
  next.say({ kind: "opened", capabilities: CAPABILITIES });
  await answerPrepare(next, { tokens: 910, prefixes: [] });
  expect((await next.hears("run")).members).toEqual([{ promptId, tokensMax: 110 }]);
  next.die("signal SIGKILL");
  await over;
});

test("a prompt whose host cannot be opened again is used up by its vector all the same", async () => {
  const { slot, host, hosts } = await holding(chat("a"));
  const promptId = await prepared(slot, host, chat("b"));
  host.die("signal SIGSEGV");
  await host.link.ended;
  const embedding = slot.embed({ promptId }, never());
  embedding.catch(() => {});
  while (hosts.length < 2) await Promise.resolve();
  hosts[1]!.die("exit code 1");
  expect(embedding).rejects.toMatchObject({ code: "engine_lost" });
  await embedding.catch(() => {});
  expect(slot.embed({ promptId }, never())).rejects.toThrow("a run names a prepared prompt");
});
