/** What --verbose tells of an answer, in Ollama's lines. */
import type { AnswerFigures } from "../client/replies.ts";

const LABEL_WIDTH = 22;
/** Units of a duration, the largest first, ns. */
const UNITS: readonly (readonly [ns: number, name: string])[] = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
];

/** The lines that there are figures for; "" where there is none. */
export function figuresText(figures: AnswerFigures): string {
  const {
    total_duration: total,
    load_duration: load,
    prompt_eval_count: promptTokens,
    prompt_eval_duration: prefill,
    eval_count: tokens,
    eval_duration: decode,
  } = figures;
  const rows: readonly (readonly [label: string, value: string | null])[] = [
    ["total duration:", duration(total)],
    ["load duration:", duration(load)],
    ["prompt eval count:", count(promptTokens)],
    ["prompt eval duration:", duration(prefill)],
    ["prompt eval rate:", rate(promptTokens, prefill)],
    ["eval count:", count(tokens)],
    ["eval duration:", duration(decode)],
    ["eval rate:", rate(tokens, decode)],
  ];
  return rows.flatMap(([label, value]) => (value === null ? [] : [`${label.padEnd(LABEL_WIDTH)}${value}\n`])).join("");
}

/** `1.234s`, `12.5ms`, `2m3.4s`. */
function duration(ns: number | undefined): string | null {
  if (ns === undefined) return null;
  const minutes = Math.floor(ns / 60e9);
  if (minutes > 0) return `${minutes}m${Number(((ns - minutes * 60e9) / 1e9).toFixed(1))}s`;
  const [unitNs, name] = UNITS.find(([unit]) => ns >= unit) ?? [1, "ns"];
  return `${Number((ns / unitNs).toFixed(3))}${name}`;
}

function count(tokens: number | undefined): string | null {
  return tokens === undefined ? null : `${tokens} token(s)`;
}

function rate(tokens: number | undefined, ns: number | undefined): string | null {
  return tokens === undefined || ns === undefined || ns === 0 ? null : `${((tokens / ns) * 1e9).toFixed(2)} tokens/s`;
}
