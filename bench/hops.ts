/**
 * From the runtime's callback to the bytes at the client, at a pace of 200 steps a second: for one stream, for eight in one host, and hop
 * by hop. The runtime is stamped by a library in front of it (native/trace.c), the sockets by one that is preloaded (native/sockets.c),
 * the client stamps itself; all read one clock.
 */
import { median, percentile } from "../src/bench/statistics.ts";
import type { CompletionChunk } from "./bare-loop.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";
import { digestOf, standInPrompt, writeStandIn } from "./models.ts";
import { startBenchServer } from "./server.ts";
import { SOCKET, RUNTIME, type Stamp, type TracedMember, tracedRuns } from "./stamps.ts";
import { streamAll, type StreamedReply } from "./stream-client.ts";

/** Milliseconds a step: 200 of them in a second. */
export const PACE = "slow-decode=5";
const TOKENS = 600;
const CLIENTS = 8;
const PROMPT_TOKENS_MIN = 16;
const P50_MS_MAX = 0.3;
const P99_MS_MAX = 5;
const JITTER_MS_MAX = 0.5;

/** Latencies of all tokens of a measurement, milliseconds, in the order of each stream. */
interface Latencies {
  readonly all: number[];
  /** How much later or earlier a token came than the one before it, against its pace in the runtime. */
  readonly jitter: number[];
}

/** Measures the way back of a token. */
export const hops: Measurement = {
  name: "hops",
  about: "From the runtime's callback to the client's socket, as a whole and hop by hop.",
  minutes: 1,
  run: async (bench) => {
    const model = writeStandIn(bench.folder);
    const one = await pacedLatencies(bench, 1);
    const eight = await pacedLatencies(bench, CLIENTS);
    return {
      figures: [
        ...latencyFigures("one stream", one),
        ...latencyFigures(`${CLIENTS} streams, n_batch ${CLIENTS}`, eight),
        ...(await hopFigures(bench)),
      ],
      facts: { model: await digestOf(model), pace: PACE, tokens: TOKENS, clients: CLIENTS, threads: 1 },
    };
  },
};

function latencyFigures(name: string, runs: readonly Latencies[]): Figure[] {
  const of = (figure: (latencies: Latencies) => number) => runs.map(figure);
  const row = (what: string, samples: number[], aimMax: number): Figure => ({
    name: `callback to client, ${name}: ${what}`,
    value: median(samples),
    unit: "ms",
    aimMax,
    samples,
  });
  return [
    row(
      "p50",
      of(({ all }) => percentile(all, 50)),
      P50_MS_MAX,
    ),
    row(
      "p99",
      of(({ all }) => percentile(all, 99)),
      P99_MS_MAX,
    ),
    row(
      "jitter p99",
      of(({ jitter }) => percentile(jitter, 99)),
      JITTER_MS_MAX,
    ),
  ];
}

async function pacedLatencies(bench: Bench, clients: number): Promise<Latencies[]> {
  const model = writeStandIn(bench.folder);
  const flags = ["--cpu-count", "1", "--n-batch", String(clients)];
  await using server = await startBenchServer(bench, { models: [model], flags, moods: PACE, traced: true });
  await server.load(model);
  const results: Latencies[] = [];
  for (let repeat = 0; repeat <= bench.repeats; repeat++) {
    bench.progress(`${clients} at a pace, ${repeat}/${bench.repeats}`);
    const before = server.runtimeStamps().length;
    // The length of a prompt says which member of a run belongs to which client.
    const prompts = Array.from({ length: clients }, (_, client) => standInPrompt(PROMPT_TOKENS_MIN + client, repeat * CLIENTS + client));
    const bodies = prompts.map((prompt) => ({ model: model.id, prompt, max_tokens: TOKENS, temperature: 0, stream: true }));
    const replies = await streamAll(bench.native, { url: server.url, path: "/v1/completions", bodies });
    const members = tracedRuns(server.runtimeStamps().slice(before)).flatMap((run) => run.members);
    // The first round warms up.
    if (repeat > 0) results.push(joinLatencies(replies.map((reply, client) => latenciesOf(reply, memberOf(members, prompts, client)))));
  }
  return results;
}

/**
 * What the runtime had of a client: prompts are of rising length, whatever is put in front of all. Lanes of a batch without a client have a
 * prompt of a token or two.
 */
function memberOf(members: readonly TracedMember[], prompts: readonly (readonly number[])[], client: number): TracedMember {
  const asked = members.filter(({ promptTokens }) => promptTokens >= PROMPT_TOKENS_MIN);
  const sorted = asked.toSorted((a, b) => a.promptTokens - b.promptTokens);
  const found = sorted[client];
  if (found === undefined || sorted.length !== prompts.length) throw new Error(`${sorted.length} runs for ${prompts.length} requests.`);
  return found;
}

/** For each token with text, how long after its callback the client had all text up to it. */
export function latenciesOf(reply: Pick<StreamedReply, "events">, member: TracedMember): number[] {
  let bytes = 0;
  const arrivals = reply.events.map(({ ns, data }) => {
    const chunk = JSON.parse(data) as CompletionChunk;
    return { ns, bytes: (bytes += Buffer.byteLength(chunk.choices[0]?.text ?? "")) };
  });
  let next = 0;
  return member.tokens.flatMap((token) => {
    while (next < arrivals.length && (arrivals[next]?.bytes ?? 0) < token.bytes) next++;
    const arrival = arrivals[next];
    return arrival === undefined ? [] : [(arrival.ns - token.ns) / 1e6];
  });
}

function joinLatencies(streams: readonly (readonly number[])[]): Latencies {
  const jitter = streams.flatMap((each) => each.slice(1).map((latency, index) => Math.abs(latency - (each[index] ?? 0))));
  return { all: streams.flat(), jitter };
}

/** Medians of each hop of one stream; stamping costs a little, so that their sum is more than the whole as measured above. */
async function hopFigures(bench: Bench): Promise<Figure[]> {
  const model = writeStandIn(bench.folder);
  const options = { models: [model], flags: ["--cpu-count", "1"], moods: PACE, traced: true, stamped: true };
  await using server = await startBenchServer(bench, options);
  const host = await server.load(model);
  bench.progress("hop by hop");
  const body = { model: model.id, prompt: standInPrompt(PROMPT_TOKENS_MIN), max_tokens: TOKENS, temperature: 0, stream: true };
  const [reply] = await streamAll(bench.native, { url: server.url, path: "/v1/completions", bodies: [body] });
  const sockets = server.socketStamps();
  const hop = (pid: number, kind: number) => sockets.filter((stamp) => stamp.pid === pid && stamp.kind === kind);
  const callbacks = server.runtimeStamps().filter(({ kind }) => kind === RUNTIME.callback);
  const stages: (readonly { readonly ns: number }[])[] = [
    callbacks,
    hop(host, SOCKET.sent),
    hop(server.pid, SOCKET.received),
    hop(server.pid, SOCKET.sent),
    reply?.events ?? [],
  ];
  const names = ["callback to the host's socket", "host to gateway", "gateway, in to out", "gateway to client"];
  return names.map((name, index) => {
    const times = hopTimes(callbacks, stages.slice(0, index + 2));
    return { name: `hop: ${name}`, value: times.length === 0 ? null : median(times), unit: "ms" };
  });
}

/** The last hop of each token: the first stamp of a stage that comes behind that of the stage before. Tokens are 5 ms apart, hops are not. */
function hopTimes(callbacks: readonly Stamp[], stages: readonly (readonly { readonly ns: number }[])[]): number[] {
  return callbacks.flatMap(({ ns }, index) => {
    const limit = callbacks[index + 1]?.ns ?? Infinity;
    let [previous, at] = [ns, ns];
    for (const stage of stages.slice(1)) {
      const found = stage.find((stamp) => stamp.ns >= at && stamp.ns < limit);
      if (found === undefined) return [];
      [previous, at] = [at, found.ns];
    }
    return [(at - previous) / 1e6];
  });
}
