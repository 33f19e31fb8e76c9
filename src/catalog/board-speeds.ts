/** How fast a model will be on a board, before it is pulled: Rockchip's published figures. */
import type { Soc } from "../core/model.ts";
import { type ModelFileName, parameterCountOf } from "./model-file-name.ts";
import { PUBLISHED_MODELS, PUBLISHED_QUANTIZATION, publishedTokensPerS } from "./published-speeds.ts";

/** Slower than this is slower than people read. */
export const USABLE_TOKENS_PER_S_MIN = 5;

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
  const published = PUBLISHED_MODELS.find((each) => each.id === id);
  const own = published === undefined ? undefined : publishedTokensPerS(published, soc);
  if (own !== undefined) return { tokensPerS: own, judgedBy: null };
  const smaller = PUBLISHED_MODELS.filter((each) => each.size <= size && publishedTokensPerS(each, soc) !== undefined);
  const [nearest] = smaller.toSorted((a, b) => b.size - a.size);
  if (nearest === undefined) return null;
  const figure = publishedTokensPerS(nearest, soc) ?? 0;
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
  return judgedBy === null && name.quantization === PUBLISHED_QUANTIZATION[soc]
    ? `Rockchip publishes ${tokensPerS} tokens/s for it ${where}.`
    : null;
}

/** Billions of parameters; 0 where not told, or where not all of them are used for a token. */
function sizeOf({ parameterSize, id }: Pick<ModelFileName, "parameterSize" | "id">): number {
  return /-a\d+(?:\.\d+)?b/.test(id) ? 0 : parameterCountOf(parameterSize) / 1e9;
}
