/** How fast a model will be on a board, before it is pulled: Rockchip's published figures (128 tokens in, 64 out, highest clocks, optimization 0). */
import type { Soc } from "../core/model.ts";
import { type ModelFileName, parameterCountOf } from "./model-file-name.ts";

/** Slower than this is slower than people read. */
export const USABLE_TOKENS_PER_S_MIN = 5;

/** What each SoC was measured with. */
const QUANTIZATION: Readonly<Record<Soc, string>> = { rk3588: "w8a8", rk3576: "w4a16", rk3562: "w8a8", rv1126b: "w4a16" };

interface Published {
  readonly id: string;
  readonly title: string;
  /** Billions of parameters. */
  readonly size: number;
  readonly tokensPerS: Readonly<Partial<Record<Soc, number>>>;
}

const PUBLISHED: readonly Published[] = [
  { id: "qwen2-0.5b", title: "Qwen2 0.5B", size: 0.5, tokensPerS: { rk3588: 41.6, rk3576: 32.6, rk3562: 13.6, rv1126b: 20.9 } },
  { id: "qwen3-0.6b", title: "Qwen3 0.6B", size: 0.6, tokensPerS: { rk3588: 32.9, rk3576: 24.9, rk3562: 10.9, rv1126b: 15 } },
  { id: "qwen3.5-0.8b", title: "Qwen3.5 0.8B", size: 0.8, tokensPerS: { rk3588: 27.1, rk3576: 18.8, rk3562: 7.7, rv1126b: 10.2 } },
  { id: "qwen2.5-1.5b", title: "Qwen2.5 1.5B", size: 1.5, tokensPerS: { rk3588: 16.7 } },
  { id: "qwen3-vl-2b", title: "Qwen3-VL 2B", size: 2, tokensPerS: { rk3588: 15, rk3576: 12.7 } },
  { id: "qwen3.5-2b", title: "Qwen3.5 2B", size: 2, tokensPerS: { rk3588: 13.6, rk3576: 11 } },
  { id: "gemma4-e2b", title: "Gemma4 E2B", size: 2, tokensPerS: { rk3588: 11.1, rk3576: 9.2 } },
  { id: "phi3-mini-4k", title: "Phi3 3.8B", size: 3.8, tokensPerS: { rk3588: 7.5, rk3576: 6.6 } },
  { id: "qwen3.5-4b", title: "Qwen3.5 4B", size: 4, tokensPerS: { rk3588: 6.2, rk3576: 5 } },
  { id: "chatglm3-6b", title: "ChatGLM3 6B", size: 6, tokensPerS: { rk3588: 5, rk3576: 4.6 } },
];

/** How fast a model decodes on a SoC, tokens a second. */
export interface BoardSpeed {
  readonly tokensPerS: number;
  /** The published model that it is judged by, where no figure is published for itself. */
  readonly judgedBy: string | null;
}

/**
 * The published figure, else one judged by the largest model that was measured and is no larger: decoding reads all weights for each token, so
 * that speed falls as size grows. null where neither tells.
 * @param size billions of parameters
 */
export function speedOn(soc: Soc, id: string, size: number): BoardSpeed | null {
  const own = PUBLISHED.find((each) => each.id === id)?.tokensPerS[soc];
  if (own !== undefined) return { tokensPerS: own, judgedBy: null };
  const [nearest] = PUBLISHED.filter((each) => each.size <= size && each.tokensPerS[soc] !== undefined).toSorted((a, b) => b.size - a.size);
  if (nearest === undefined) return null;
  const figure = nearest.tokensPerS[soc] ?? 0;
  const tokensPerS = Math.round(((figure * nearest.size) / size) * 10) / 10;
  return { tokensPerS, judgedBy: `the ${figure} that Rockchip publishes for ${nearest.title}` };
}

/** A sentence on the speed of a .rkllm on a board, with a warning where it will be too slow; null where no figure tells. */
export function speedNote(name: ModelFileName, soc: Soc | null): string | null {
  if (soc === null || name.format !== "rkllm") return null;
  const speed = speedOn(soc, name.id, sizeOf(name));
  if (speed === null) return null;
  const { tokensPerS, judgedBy } = speed;
  const where = `on ${soc.toUpperCase()}`;
  if (tokensPerS < USABLE_TOKENS_PER_S_MIN) {
    return judgedBy === null
      ? `Too slow to use: Rockchip publishes ${tokensPerS} tokens/s for it ${where}.`
      : `Too slow to use: about ${tokensPerS} tokens/s ${where}, judging by ${judgedBy}.`;
  }
  // Groups, and more bits than were measured, cost speed; how much is not published.
  return judgedBy === null && name.quantization === QUANTIZATION[soc] ? `Rockchip publishes ${tokensPerS} tokens/s for it ${where}.` : null;
}

/** Billions of parameters; 0 where not told, or where not all of them are used for a token. */
function sizeOf({ parameterSize, id }: Pick<ModelFileName, "parameterSize" | "id">): number {
  return /-a\d+(?:\.\d+)?b/.test(id) ? 0 : parameterCountOf(parameterSize) / 1e9;
}
