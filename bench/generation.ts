/**
 * Generation through the whole server against what the runtime library itself says it took. The Ollama dialect reports the
 * library's own times; what the client waited beyond them is what everything above the library costs.
 */
import { type Measurement, median } from "./measurement.ts";

const RUNS = 5;
const TOKENS = 256;

/** The part of the last chunk that is read here; durations in nanoseconds. */
interface LastChunk {
  readonly done: boolean;
  readonly prompt_eval_duration: number;
  readonly eval_count: number;
  readonly eval_duration: number;
}

export async function measureGeneration(url: string, model: string): Promise<Measurement[]> {
  await answer(url, model);
  const decodeRates: number[] = [];
  const clientRates: number[] = [];
  const overheadUs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const { wallMs, last } = await answer(url, model);
    const libraryMs = (last.prompt_eval_duration + last.eval_duration) / 1e6;
    decodeRates.push((last.eval_count * 1e9) / last.eval_duration);
    clientRates.push((last.eval_count * 1000) / wallMs);
    overheadUs.push(((wallMs - libraryMs) * 1000) / last.eval_count);
  }
  return [
    { name: `${model}: decode, by the library`, value: median(decodeRates), unit: "tokens/s", ...decodeAim(model) },
    { name: `${model}: whole answer, at most ${TOKENS} tokens, by the client`, value: median(clientRates), unit: "tokens/s" },
    { name: `${model}: above the library`, value: median(overheadUs), unit: "µs/token" },
  ];
}

/** The built-in model should be quick on any machine. */
function decodeAim(model: string): { aimMin?: number } {
  return model === "tiny-chat" ? { aimMin: 200 } : {};
}

async function answer(url: string, model: string): Promise<{ wallMs: number; last: LastChunk }> {
  const body = { model, messages: [{ role: "user", content: "Tell me a long story." }], options: { temperature: 0, num_predict: TOKENS } };
  const before = performance.now();
  const response = await fetch(`${url}/api/chat`, { method: "POST", body: JSON.stringify(body) });
  const lines = (await response.text()).trim().split("\n");
  const wallMs = performance.now() - before;
  const last = JSON.parse(lines.at(-1) ?? "") as LastChunk;
  if (!response.ok || !last.done) throw new Error(`POST /api/chat answered ${response.status}: ${lines.at(-1) ?? "nothing"}`);
  return { wallMs, last };
}
