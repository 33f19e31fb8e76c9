/**
 * The speeds that Rockchip publishes: 128 tokens in, 64 out, highest clocks, optimization level 0.
 * source: https://github.com/airockchip/rknn-llm/blob/main/benchmark.md
 */
import type { Soc } from "../core/model.ts";

/** What each SoC was measured with. */
export const PUBLISHED_QUANTIZATION: Readonly<Record<Soc, string>> = { rk3588: "w8a8", rk3576: "w4a16", rk3562: "w8a8", rv1126b: "w4a16" };

/** Time to the first token (ms), decode (tokens/s), memory (MB). */
type Speed = readonly [ttftMs: number, tokensPerS: number, memoryMb: number];

/** One model of the table. */
interface PublishedModel {
  /** As the catalog names such a model. */
  readonly id: string;
  readonly title: string;
  /** Billions of parameters. */
  readonly size: number;
  readonly speeds: Readonly<Partial<Record<Soc, Speed>>>;
}

/** The table, the smallest model first. */
export const PUBLISHED_MODELS: readonly PublishedModel[] = [
  {
    id: "qwen2-0.5b",
    title: "Qwen2 0.5B",
    size: 0.5,
    speeds: { rk3588: [146, 41.6, 670], rk3576: [342, 32.6, 443], rk3562: [641, 13.6, 648], rv1126b: [657, 20.9, 411] },
  },
  {
    id: "qwen3-0.6b",
    title: "Qwen3 0.6B",
    size: 0.6,
    speeds: { rk3588: [199, 32.9, 791], rk3576: [469, 24.9, 513], rk3562: [882, 10.9, 773], rv1126b: [956, 15, 489] },
  },
  {
    id: "qwen3.5-0.8b",
    title: "Qwen3.5 0.8B",
    size: 0.8,
    speeds: { rk3588: [588, 27.1, 1040], rk3576: [1369, 18.8, 690], rk3562: [3751, 7.7, 1021], rv1126b: [4360, 10.2, 659] },
  },
  { id: "qwen2.5-1.5b", title: "Qwen2.5 1.5B", size: 1.5, speeds: { rk3588: [378, 16.7, 1689] } },
  { id: "qwen3-vl-2b", title: "Qwen3-VL 2B", size: 2, speeds: { rk3588: [384, 15, 1869], rk3576: [803, 12.7, 1059] } },
  { id: "qwen3.5-2b", title: "Qwen3.5 2B", size: 2, speeds: { rk3588: [777, 13.6, 2122], rk3576: [1661, 11, 1236] } },
  { id: "gemma4-e2b", title: "Gemma4 E2B", size: 2, speeds: { rk3588: [599, 11.1, 2499], rk3576: [1219, 9.2, 1463] } },
  { id: "phi3-mini-4k", title: "Phi3 3.8B", size: 3.8, speeds: { rk3588: [1017, 7.5, 3758], rk3576: [1829, 6.6, 1996] } },
  { id: "qwen3.5-4b", title: "Qwen3.5 4B", size: 4, speeds: { rk3588: [2069, 6.2, 4576], rk3576: [3976, 5, 2420] } },
  { id: "chatglm3-6b", title: "ChatGLM3 6B", size: 6, speeds: { rk3588: [1353, 5, 5986], rk3576: [2167, 4.6, 3023] } },
];

/** The tokens a second that are published for a model on a SoC; undefined where none are. */
export function publishedTokensPerS(model: PublishedModel, soc: Soc): number | undefined {
  return model.speeds[soc]?.[1];
}

/** What is published for a model as it runs here, or the reason why nothing is. */
export type PublishedFigure =
  | { readonly title: string; readonly soc: Soc; readonly ttftMs: number; readonly tokensPerS: number; readonly memoryMb: number }
  | { readonly none: string };

/** Looks a model up: its family and size by its id, its format and quantization, and the board's SoC, null for any other machine. */
export function publishedFigure(
  model: { readonly id: string; readonly format: string; readonly quantization: string },
  soc: Soc | null,
): PublishedFigure {
  if (soc === null) return { none: "this machine has no NPU of Rockchip's." };
  if (model.format !== "rkllm") return { none: `${model.id} runs on the CPU; Rockchip publishes figures of its NPUs.` };
  const published = PUBLISHED_MODELS.find(({ id }) => id === model.id);
  const speed = published?.speeds[soc];
  if (published === undefined || speed === undefined) return { none: `Rockchip's table has no ${model.id} on ${soc}.` };
  const measuredWith = PUBLISHED_QUANTIZATION[soc];
  if (model.quantization !== measuredWith) {
    return { none: `Rockchip measured ${published.title} on ${soc} with ${measuredWith}; this is ${model.quantization || "unknown"}.` };
  }
  const [ttftMs, tokensPerS, memoryMb] = speed;
  return { title: published.title, soc, ttftMs, tokensPerS, memoryMb };
}
