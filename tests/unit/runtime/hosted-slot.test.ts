import { expect, test } from "bun:test";
import type { OutputFormat, RuntimeCapabilities, TokenEvent } from "../../../src/core/runtime.ts";
import { base64OfNumbers } from "../../../src/runtime/number-text.ts";
import { HostedSlot } from "../../../src/runtime/hosted-slot.ts";
import type { HostEvent, OpenSpec } from "../../../src/runtime/protocol.ts";
import { PlayedHost } from "../../support/played-host.ts";
import { gathering } from "../../support/running-batch.ts";

const CAPABILITIES: RuntimeCapabilities = { version: "1.3.0", perRunSampling: true, contextTokens: 64, lanes: 1, threads: 1 };
const STATS = { prefillTokens: 1, prefillMs: 1, decodeTokens: 1, decodeMs: 1, memoryMb: 1 };
const SPEC = { model: { id: "tiny" } } as OpenSpec;
const LIMITS = {
  loadTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  pingTimeoutMs: 60_000,
  prefillStallMs: 60_000,
  prefillStallPerTokenMs: 0,
  decodeStallMs: 60_000,
};
const never = () => new AbortController().signal;
const PLAIN: OutputFormat = { reasoning: null, toolSyntax: "hermes" };
const INPUT = { kind: "completion", prompt: "Hi" } as const;

/** Slots over hosts that a test plays. */
function stage(kill: (host: PlayedHost) => void = (host) => host.die("signal SIGKILL")) {
  const hosts: PlayedHost[] = [];
  const losses: [string, readonly string[]][] = [];
  const launch = (onEvent: (event: HostEvent) => void) => {
    const host = new PlayedHost(onEvent, kill);
    hosts.push(host);
    return host.link;
  };
  const options = {
    spec: SPEC,
    launch,
    limits: LIMITS,
    onLost: (error: Error, tail: readonly string[]) => void losses.push([error.message, tail]),
  };
  const open = async (signal = never()) => {
    const opening = HostedSlot.open(options, signal);
    hosts[0]!.say({ kind: "opened", capabilities: CAPABILITIES });
    return { slot: await opening, host: hosts[0]! };
  };
  /** A prompt that is ready to run. */
  const prepare = async (slot: HostedSlot, host: PlayedHost) => {
    const preparing = slot.prepare({ input: INPUT, reasoning: { mode: "auto" } });
    const { promptId } = await host.hears("prepare");
    host.say({ kind: "prepared", prompt: { promptId, promptTokens: 1, format: PLAIN, opening: "", prefixes: [] } });
    return preparing;
  };
  return { hosts, losses, options, open, prepare };
}

/** The events of a batch of one. */
async function runOf(slot: HostedSlot, promptId: number, signal = never()): Promise<TokenEvent[]> {
  const { reader, events } = gathering();
  void slot.run({ sampling: {} as never, members: [{ promptId, tokensMax: 1, signal, reader }] });
  return events;
}

const kindsOf = (host: PlayedHost) => host.told.map((command) => command.kind);

test("HostedSlot ends a host that is still loading when it is no longer wanted", async () => {
  const { hosts, options } = stage();
  const client = new AbortController();
  const opening = HostedSlot.open(options, client.signal);
  client.abort();
  expect(opening).rejects.toMatchObject({ code: "cancelled" });
  await opening.catch(() => {});
  expect(hosts.map(kindsOf)).toEqual([["open"]]);
});

test("HostedSlot starts no host for those who have gone already", async () => {
  const { hosts, options } = stage();
  expect(HostedSlot.open(options, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
  expect(hosts).toEqual([]);
});

test("HostedSlot does not begin a run whose client has gone: a prefill may not be stopped any more", async () => {
  const { open, prepare } = stage();
  const { slot, host } = await open();
  const { promptId } = await prepare(slot, host);
  const events = await runOf(slot, promptId, AbortSignal.abort());
  expect(events).toMatchObject([{ kind: "end", reason: "aborted" }]);
  expect(kindsOf(host)).toEqual(["open", "prepare", "discard"]);
});

test("HostedSlot lets a run stop before it closes the model", async () => {
  const { open, prepare } = stage();
  const { slot, host } = await open();
  const { promptId } = await prepare(slot, host);
  const running = runOf(slot, promptId);
  await host.hears("run");
  const closed = slot.close();
  await host.hears("abort");
  expect(kindsOf(host)).not.toContain("close");
  host.say({ kind: "ended", promptId, reason: "aborted", stats: STATS });
  host.say({ kind: "idle", held: null });
  await host.hears("close");
  host.say({ kind: "closed" });
  await closed;
  expect(await running).toEqual([{ kind: "end", reason: "aborted", stats: STATS }]);
});

test("HostedSlot ends a host that does not close in time, also when it still answers something", async () => {
  const { open, options } = stage();
  Object.assign(options, { limits: { ...LIMITS, abortTimeoutMs: 20 } });
  const { slot, host } = await open();
  const preparing = slot.prepare({ input: INPUT, reasoning: { mode: "auto" } });
  const { promptId } = await host.hears("prepare");
  const closed = slot.close();
  await host.hears("close");
  host.say({ kind: "prepared", prompt: { promptId, promptTokens: 1, format: PLAIN, opening: "", prefixes: [] } });
  await preparing;
  await closed;
});

test("HostedSlot reports a lost host when it is lost, not when the next request comes", async () => {
  const { open, losses } = stage();
  const { host } = await open();
  host.output.push("E RKNN: out of memory");
  host.die("signal SIGSEGV");
  await Bun.sleep(0);
  expect(losses).toEqual([["The engine host of tiny ended unexpectedly (signal SIGSEGV)", ["E RKNN: out of memory"]]]);
});

test("HostedSlot reports no loss of a host that it closed", async () => {
  const { open, losses } = stage();
  const { slot, host } = await open();
  const closed = slot.close();
  await host.hears("close");
  host.say({ kind: "closed" });
  await closed;
  expect(losses).toEqual([]);
});

test("HostedSlot says what a host said last that ended while it opened", async () => {
  const { hosts, options } = stage();
  const opening = HostedSlot.open(options, never());
  hosts[0]!.output.push("taskset: failed to set the affinity");
  hosts[0]!.die("exit code 1");
  expect(opening).rejects.toThrow("The engine host of tiny ended unexpectedly (exit code 1). It said: taskset: failed to set the affinity");
});

test("HostedSlot waits for the library's last words about a model that does not open", async () => {
  const { hosts, options } = stage((host) => {
    host.output.push("E rkllm: invalid magic");
    host.die("signal SIGKILL");
  });
  const opening = HostedSlot.open(options, never());
  hosts[0]!.say({ kind: "open_failed", error: { code: "model_load_failed", message: "The model could not be loaded", details: {} } });
  expect(opening).rejects.toThrow("The model could not be loaded. It said: E rkllm: invalid magic");
});

test.each([
  ["E rkllm: failed to malloc npu memory, size: 1073741824", "out_of_memory"],
  ["ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 4096", "out_of_memory"],
  ["E rkllm: invalid magic", "model_load_failed"],
])("HostedSlot tells by what the library says (%s) whether memory was short", async (line, code) => {
  const { hosts, options } = stage((host) => {
    host.output.push(line);
    host.die("signal SIGKILL");
  });
  const opening = HostedSlot.open(options, never());
  hosts[0]!.say({ kind: "open_failed", error: { code: "model_load_failed", message: "The model could not be loaded", details: {} } });
  expect(opening).rejects.toMatchObject({ code });
});

test("HostedSlot takes a host that the kernel ends while it loads for one that took too much memory", async () => {
  const { hosts, options } = stage();
  const opening = HostedSlot.open(options, never());
  hosts[0]!.die("signal SIGKILL");
  expect(opening).rejects.toMatchObject({ code: "out_of_memory" });
});

test("HostedSlot opens no host while it backs off from one that did not open, and one after it", async () => {
  const { open, hosts } = stage();
  const { slot, host } = await open();
  const ask = async () => slot.prepare({ input: INPUT, reasoning: { mode: "auto" } });
  host.die("signal SIGSEGV");
  await Bun.sleep(0);
  const failing = ask();
  await Bun.sleep(0);
  hosts[1]!.die("exit code 1");
  const refused = await failing.catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: "engine_lost", message: expect.stringContaining("exit code 1") as string });
  expect(await Promise.all([ask(), ask()].map(async (asked) => asked.catch((thrown: unknown) => thrown)))).toEqual([refused, refused]);
  expect(hosts).toHaveLength(2);
  await Bun.sleep(510);
  const answered = ask();
  await Bun.sleep(0);
  const next = hosts[2]!;
  next.say({ kind: "opened", capabilities: CAPABILITIES });
  const { promptId } = await next.hears("prepare");
  next.say({ kind: "prepared", prompt: { promptId, promptTokens: 1, format: PLAIN, opening: "", prefixes: [] } });
  expect(await answered).toMatchObject({ promptTokens: 1 });
});

test("HostedSlot heeds nothing that comes from a host it has given up", async () => {
  const kills: number[] = [];
  const { open, options, prepare } = stage(() => kills.push(1));
  Object.assign(options, { limits: { ...LIMITS, pingTimeoutMs: 20, prefillStallMs: 20, decodeStallMs: 20 } });
  const { slot, host } = await open();
  const { promptId } = await prepare(slot, host);
  expect(runOf(slot, promptId)).rejects.toMatchObject({ code: "engine_lost" });
  while (kills.length === 0) await Bun.sleep(1);
  // A token that was still on its way would set a new limit, which nothing would ever lift.
  host.say({ kind: "text", promptId, text: "late", tokens: 1 });
  await Bun.sleep(60);
  expect(kills).toHaveLength(1);
});

test("HostedSlot makes a vector of a prompt, and prepares the prompt again where its host was lost before", async () => {
  const { open, prepare, hosts } = stage();
  const { slot, host } = await open();
  const { promptId } = await prepare(slot, host);
  host.die("signal SIGSEGV");
  await Bun.sleep(0);
  const embedding = slot.embed({ promptId }, never());
  await Bun.sleep(0);
  const next = hosts[1]!;
  next.say({ kind: "opened", capabilities: CAPABILITIES });
  await next.hears("prepare");
  next.say({ kind: "prepared", prompt: { promptId, promptTokens: 1, format: PLAIN, opening: "", prefixes: [] } });
  await next.hears("embed");
  next.say({ kind: "vector", promptId, vector: base64OfNumbers(Float32Array.of(1, -2.5)) });
  next.say({ kind: "ended", promptId, reason: "stop", stats: STATS });
  next.say({ kind: "idle", held: null });
  expect(await embedding).toEqual(Float32Array.of(1, -2.5));
});

test("HostedSlot ends a vector's run when its client goes, and waits until it has stopped", async () => {
  const { open, prepare } = stage();
  const { slot, host } = await open();
  const { promptId } = await prepare(slot, host);
  const client = new AbortController();
  const embedding = slot.embed({ promptId }, client.signal);
  await host.hears("embed");
  client.abort();
  await host.hears("abort");
  host.say({ kind: "ended", promptId, reason: "aborted", stats: STATS });
  host.say({ kind: "idle", held: null });
  expect(embedding).rejects.toMatchObject({ code: "cancelled" });
  await embedding.catch(() => {});
});

test("HostedSlot fails a vector's run with its host, and a question about tokens is asked of the next host", async () => {
  const { open, prepare, hosts } = stage();
  const { slot, host } = await open();
  const { promptId } = await prepare(slot, host);
  const embedding = slot.embed({ promptId }, never());
  await host.hears("embed");
  const inspection = slot.inspect({ kind: "ids", ids: [1], pieces: false });
  await host.hears("inspect");
  host.die("signal SIGSEGV");
  expect(embedding).rejects.toMatchObject({ code: "engine_lost" });
  await embedding.catch(() => {});
  await Bun.sleep(0);
  const next = hosts[1]!;
  next.say({ kind: "opened", capabilities: CAPABILITIES });
  const { inspectionId } = await next.hears("inspect");
  next.say({ kind: "inspected", inspectionId, answer: { text: "a", ids: [1], pieces: [] } });
  expect(await inspection).toEqual({ text: "a", ids: [1], pieces: [] });
});
