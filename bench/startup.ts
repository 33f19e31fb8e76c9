/** How long the program takes to listen, how large it is, and what HTTP alone costs. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { median } from "../src/bench/statistics.ts";
import { startServer } from "../tests/support/server-process.ts";
import type { Bench, Figure, Measurement } from "./measurement.ts";

const DIST = join(import.meta.dir, "../dist");
const LISTENING_MS_MAX = 150;
/** Bun itself is most of it; the built-in model takes 3.7 MB. */
const EXECUTABLE_MB_MAX = 123;
const REQUESTS = 4000;
const WARM_UP_REQUESTS = 500;
const CONNECTIONS = 16;

/** Measures the program before any model is loaded. */
export const startup: Measurement = {
  name: "startup",
  about: "From the start to listening, size of the executables, requests a second without a model.",
  minutes: 1,
  run: async (bench) => {
    const executable = join(DIST, `rockchip-llama-linux-${process.arch}`);
    const built = existsSync(executable);
    return {
      figures: [
        await listeningFigure(bench, "the program as it is measured", bench.program),
        ...(built && bench.program[0] !== executable ? [await listeningFigure(bench, "executable", [executable])] : []),
        ...(await sizeFigures()),
        await requestsFigure(bench),
      ],
      facts: { requests: REQUESTS, connections: CONNECTIONS },
      notes: built ? [] : ["There is no executable: bun run build"],
    };
  },
};

function command(bench: Bench, program: readonly string[]): string[] {
  const folders = ["--models-dir", bench.folder, "--cache-dir", join(bench.folder, "cache")];
  return [...program, "serve", "--port", "0", "--ollama-port", "off", "--log-level", "error", ...folders];
}

async function listeningFigure(bench: Bench, label: string, program: readonly string[]): Promise<Figure> {
  const samples: number[] = [];
  for (let run = 0; run < bench.repeats; run++) {
    const before = performance.now();
    await using server = await startServer(command(bench, program), { cwd: bench.folder });
    samples.push(performance.now() - before);
    bench.progress(`${label} at ${server.url}`);
  }
  return { name: `${label}: start to listening`, value: median(samples), unit: "ms", aimMax: LISTENING_MS_MAX, samples };
}

async function sizeFigures(): Promise<Figure[]> {
  const names = existsSync(DIST) ? (await readdir(DIST)).filter((name) => name.startsWith("rockchip-llama-")) : [];
  return names.map((name) => ({
    name: `size of ${name}`,
    value: Bun.file(join(DIST, name)).size / 1e6,
    unit: "MB",
    aimMax: EXECUTABLE_MB_MAX,
  }));
}

/** Server and clients share the machine. */
async function requestsFigure(bench: Bench): Promise<Figure> {
  await using server = await startServer(command(bench, bench.program), { cwd: bench.folder });
  const samples: number[] = [];
  await request(`${server.url}/health`, WARM_UP_REQUESTS);
  for (let run = 0; run < bench.repeats; run++) {
    const before = performance.now();
    await request(`${server.url}/health`, REQUESTS);
    samples.push((REQUESTS * 1000) / (performance.now() - before));
  }
  return { name: `GET /health, ${CONNECTIONS} connections`, value: median(samples), unit: "requests/s", samples };
}

async function request(url: string, count: number): Promise<void> {
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`GET ${url} answered ${response.status}.`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
}
