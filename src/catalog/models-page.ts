/** The generated parts of docs/models.md: which repositories short names stand for, and how fast those models are on each SoC. */
import { codeCell, table } from "../core/markdown-table.ts";
import { type Soc, SOCS } from "../core/model.ts";
import { speedOn, USABLE_TOKENS_PER_S_MIN } from "./board-speeds.ts";
import { parseModelFileName, parameterCountOf } from "./model-file-name.ts";
import { PUBLISHED_MODELS } from "./published-speeds.ts";
import { kvBytesOf, SHORT_CONTEXTS, TOOLKIT_CONTEXT_TOKENS_MAX } from "./short-contexts.ts";
import { type Conversion, SHORT_MODELS, type ShortModel, titleOf } from "./short-models.ts";

/** The page, from the repository's root. */
export const MODELS_PAGE = "docs/models.md";

const PARTS: Readonly<Record<string, () => string>> = { "short names": shortNames, speeds, contexts, published };

/** The page with its tables as the list is now: each stands between `<!-- short names -->` or the like and `<!-- end -->`. */
export function withModelTables(page: string): string {
  return page.replaceAll(
    /(<!-- (short names|speeds|contexts|published) -->\n)[^]*?(<!-- end -->)/g,
    (_all, before: string, part: string, after: string) => {
      return `${before}\n${PARTS[part]?.() ?? ""}\n\n${after}`;
    },
  );
}

function shortNames(): string {
  const rows = SHORT_MODELS.flatMap((model) =>
    [...model.npu, model.gguf].map((conversion, index) => [
      index === 0 ? codeCell(model.name) : "",
      conversion.soc?.toUpperCase() ?? "CPU",
      codeCell(conversion.repository),
      conversion.toolkit ?? "",
      conversion.verified ? "yes" : "no",
    ]),
  );
  return `${table(["Name", "For", "Repository", "Toolkit", "Tried"], rows)}\n\n${missing()}`;
}

/** What nobody was found to have converted, SoC by SoC. */
function missing(): string {
  const has = ({ npu }: ShortModel, soc: Soc): boolean => npu.some((each: Conversion) => each.soc === soc);
  const lines = SOCS.map((soc) => {
    const without = SHORT_MODELS.filter((model) => !has(model, soc)).map(({ name }) => codeCell(name));
    return `- ${soc.toUpperCase()}: ${without.length === SHORT_MODELS.length ? "none of them" : `all but ${without.join(", ")}`}`;
  });
  return `Conversions were found for\n\n${lines.join("\n")}`;
}

function speeds(): string {
  const chats = SHORT_MODELS.filter(({ name }) => !name.includes("embedding"));
  const rows = chats.map((model) => [codeCell(model.name), ...SOCS.map((soc) => speedCell(model, soc))]);
  return table(["tokens/s", ...SOCS.map((soc) => soc.toUpperCase())], rows);
}

/** What a context takes beside the weights, and how long it may be. */
function contexts(): string {
  const rows = SHORT_MODELS.flatMap(({ name }) => {
    const context = SHORT_CONTEXTS[name];
    if (context === undefined) return [];
    const tokensMax = Math.min(context.tokensMax, TOOLKIT_CONTEXT_TOKENS_MAX);
    const megabytes = (tokens: number): string => `${Math.round((kvBytesOf(context) * tokens) / 1e6).toLocaleString("en")} MB`;
    return [[codeCell(name), megabytes(1000), megabytes(4096), tokensMax.toLocaleString("en"), megabytes(tokensMax)]];
  });
  return table(["KV cache", "1,000 tokens", "4,096 tokens", "longest context", "which takes"], rows);
}

/** Rockchip's table: decode, time to the first token, memory. */
function published(): string {
  const cell = (speed: readonly [number, number, number] | undefined): string => {
    if (speed === undefined) return "";
    const [ttftMs, tokensPerS, memoryMb] = speed;
    const slow = tokensPerS < USABLE_TOKENS_PER_S_MIN ? ": too slow" : "";
    return `${tokensPerS}${slow}; ${ttftMs.toLocaleString("en")} ms; ${memoryMb.toLocaleString("en")} MB`;
  };
  const rows = PUBLISHED_MODELS.map(({ title, speeds }) => [title, ...SOCS.map((soc) => cell(speeds[soc]))]);
  return table(["tokens/s; first token; memory", ...SOCS.map((soc) => soc.toUpperCase())], rows);
}

function speedCell(model: ShortModel, soc: Soc): string {
  const { id, parameterSize } = parseModelFileName(`${titleOf(model)}.rkllm`);
  const speed = speedOn(soc, id, parameterCountOf(parameterSize) / 1e9);
  // Smaller than all that was measured.
  if (speed === null) return "faster than any measured";
  const figure = speed.judgedBy === null ? String(speed.tokensPerS) : `about ${speed.tokensPerS}`;
  return speed.tokensPerS < USABLE_TOKENS_PER_S_MIN ? `${figure}: too slow` : figure;
}
