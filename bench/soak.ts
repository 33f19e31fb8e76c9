/** A crowd at full speed, part of which leaves in the middle of an answer: nothing may leak, hang or fail. */
import type { Measurement } from "./measurement.ts";
import { digestOf, standInPrompt, writeStandIn } from "./models.ts";
import { residentMb } from "./process-cost.ts";
import { childrenOf, startBenchServer } from "./server.ts";

const CLIENTS = 64;
const LEAVE_SHARE = 0.3;
const TOKENS = 64;
const GROWTH_MB_MAX = 20;
const SAMPLE_MS = 5000;
/** For what was running when the time was up. */
const DRAIN_MS_MAX = 10_000;

/** What the clients have seen. */
interface Tally {
  answered: number;
  left: number;
  readonly faults: Map<string, number>;
}

/** Runs the crowd for `--minutes`. */
export const soak: Measurement = {
  name: "soak",
  about: `${CLIENTS} clients at full speed, of which ${LEAVE_SHARE * 100} % leave in the middle, for --minutes (10).`,
  minutes: 10,
  onlyByName: true,
  run: async (bench) => {
    const model = writeStandIn(bench.folder);
    await using server = await startBenchServer(bench, { models: [model], flags: ["--cpu-count", "1"] });
    const host = await server.load(model);
    const tally: Tally = { answered: 0, left: 0, faults: new Map() };
    const endMs = performance.now() + bench.minutes * 60_000;
    const points = { gateway: [], host: [] } as Record<"gateway" | "host", { x: number; y: number; label: string }[]>;
    const sample = () => {
      const x = (bench.minutes * 60_000 - (endMs - performance.now())) / 1000;
      for (const [name, pid] of [
        ["gateway", server.pid],
        ["host", host],
      ] as const)
        points[name].push({ x, y: residentMb(pid), label: "" });
      bench.progress(`${x.toFixed(0)} s: ${tally.answered} answered, ${tally.left} left, ${points.gateway.at(-1)?.y.toFixed(0) ?? "?"} MB`);
    };
    const timer = setInterval(sample, SAMPLE_MS);
    try {
      await Promise.all(Array.from({ length: CLIENTS }, async (_, index) => client(server.url, model.id, index, endMs, tally)));
    } finally {
      clearInterval(timer);
    }
    sample();
    const idle = await becomesIdle(server.url);
    const sameHost = childrenOf(server.pid)[0] === host;
    const growth = (name: "gateway" | "host") => {
      const values = points[name].map(({ y }) => y);
      // A fifth of the time is for heaps to find their size.
      return (values.at(-1) ?? 0) - Math.min(...values.slice(Math.floor(values.length / 5)));
    };
    const faults = [...tally.faults].map(([fault, count]) => `${count} times: ${fault}`);
    return {
      figures: [
        { name: "requests that failed", value: [...tally.faults.values()].reduce((sum, count) => sum + count, 0), unit: "", aimMax: 0 },
        { name: "nothing runs or waits afterwards", value: idle ? 1 : 0, unit: "", aimMin: 1 },
        { name: "the engine host is the one from the start", value: sameHost ? 1 : 0, unit: "", aimMin: 1 },
        { name: "gateway: growth", value: growth("gateway"), unit: "MB", aimMax: GROWTH_MB_MAX },
        { name: "host: growth", value: growth("host"), unit: "MB", aimMax: GROWTH_MB_MAX },
        { name: "answers", value: tally.answered / (bench.minutes * 60), unit: "requests/s" },
        { name: "clients that left", value: tally.left, unit: "" },
      ],
      facts: { model: await digestOf(model), clients: CLIENTS, minutes: bench.minutes, leaveShare: LEAVE_SHARE, tokens: TOKENS },
      series: (["gateway", "host"] as const).map((name) => ({ name, x: "seconds", y: "resident memory, MB", points: points[name] })),
      notes: faults,
    };
  },
};

async function client(url: string, model: string, index: number, endMs: number, tally: Tally): Promise<void> {
  for (let round = 0; performance.now() < endMs; round++) {
    const leaves = Math.random() < LEAVE_SHARE;
    try {
      await request(
        url,
        { model, prompt: standInPrompt(8, index * 1000 + round), max_tokens: TOKENS, temperature: 0, stream: true },
        leaves,
      );
      if (leaves) tally.left++;
      else tally.answered++;
    } catch (thrown) {
      // Who leaves is told by the own abort that the answer is over.
      if (leaves && thrown instanceof Error && thrown.name === "AbortError") {
        tally.left++;
        continue;
      }
      const fault = thrown instanceof Error ? thrown.message : String(thrown);
      tally.faults.set(fault, (tally.faults.get(fault) ?? 0) + 1);
    }
  }
}

/** Reads an answer to its end, or leaves at a random piece of it; some leave while they still wait. */
async function request(url: string, body: object, leaves: boolean): Promise<void> {
  const abort = new AbortController();
  const waits = leaves && Math.random() < 0.3;
  const pending = fetch(`${url}/v1/completions`, { method: "POST", body: JSON.stringify(body), signal: abort.signal });
  if (waits) {
    setTimeout(() => abort.abort(), Math.random() * 50);
    await pending.then(async (response) => response.text()).catch(() => undefined);
    return;
  }
  const response = await pending;
  if (!response.ok) throw new Error(`status ${response.status}: ${(await response.text()).slice(0, 100)}`);
  let left = leaves ? Math.ceil(Math.random() * 10) : Infinity;
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (--left > 0) continue;
    abort.abort();
    return;
  }
  if (!text.includes("data: [DONE]")) throw new Error(`an answer without its end: ${text.slice(-100)}`);
}

async function becomesIdle(url: string): Promise<boolean> {
  for (let waited = 0; waited < DRAIN_MS_MAX; waited += 100) {
    const { models } = (await (await fetch(`${url}/health`)).json()) as { models: { running: boolean; queued: number }[] };
    if (models.every(({ running, queued }) => !running && queued === 0)) return true;
    await Bun.sleep(100);
  }
  return false;
}
