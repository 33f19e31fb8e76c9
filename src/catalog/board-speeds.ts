/** How fast a model will be on a board, before it is pulled: Rockchip's published figures (128 tokens in, 64 out, highest clocks, optimization 0). */
import type { Soc } from "../core/model.ts";
import type { ModelFileName } from "./model-file-name.ts";

/** Slower than this is slower than people read. */
const USABLE_TOKENS_PER_S_MIN = 5;

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

/** A sentence on the speed of a .rkllm on a board, with a warning where it will be too slow; null where no figure tells. */
export function speedNote(name: ModelFileName, soc: Soc | null): string | null {
  if (soc === null || name.format !== "rkllm" || !name.quantization.startsWith(QUANTIZATION[soc])) return null;
  const own = PUBLISHED.find(({ id }) => id === name.id);
  const figure = own?.tokensPerS[soc];
  if (own !== undefined && figure !== undefined) {
    if (figure < USABLE_TOKENS_PER_S_MIN) return tooSlow(own, figure, soc, "");
    // Groups cost speed, and how much is not published.
    return name.quantization === QUANTIZATION[soc]
      ? `Rockchip publishes ${figure} tokens/s for ${own.title} on ${soc.toUpperCase()}.`
      : null;
  }
  const size = sizeOf(name);
  const smaller = PUBLISHED.find(
    (each) => size > each.size && (each.tokensPerS[soc] ?? Number.POSITIVE_INFINITY) <= USABLE_TOKENS_PER_S_MIN,
  );
  return smaller === undefined ? null : tooSlow(smaller, smaller.tokensPerS[soc] ?? 0, soc, ", which is smaller,");
}

function tooSlow({ title }: Published, figure: number, soc: Soc, aside: string): string {
  return `Too slow to use: Rockchip publishes ${figure} tokens/s for ${title}${aside} on ${soc.toUpperCase()}.`;
}

/** Billions of parameters; 0 where not told, or where not all of them are used for a token. */
function sizeOf({ parameterSize, id }: ModelFileName): number {
  const size = /^(\d+(?:\.\d+)?)B$/.exec(parameterSize);
  return size === null || /-a\d+(?:\.\d+)?b/.test(id) ? 0 : Number(size[1]);
}
