/** How long a model stays loaded after its last request, as clients of Ollama write it. */
import { AppError } from "../core/errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** A number and whatever stands behind it. */
const PART = /([\d.]+)([^\d.]*)/g;
const AMOUNT = /^(?:\d+\.?\d*|\.\d+)$/;
/** A bare number in quotes: what a text field of a chat page sends. It means seconds, like the number itself. */
const BARE_SECONDS = /^[+-]?\d+$/;

/** A hundred years: as good as for ever, and still a date. */
const KEEP_ALIVE_MS_MAX = 100 * 365 * 24 * 3_600_000;

/** Ollama's sentence, and what to write in place of the text. */
function fail(sentence: string, text: string): never {
  throw new AppError(
    "invalid_request",
    `time: ${sentence} ${JSON.stringify(text)}; write "keep_alive" in seconds as a number, or as a text such as "10m"`,
    { details: { field: "keep_alive", fault: "value" } },
  );
}

function durationMs(text: string): number {
  if (BARE_SECONDS.test(text)) return Number(text) * 1000;
  const unsigned = text.replace(/^[+-]/, "");
  if (!/^[\d.]/.test(unsigned)) fail("invalid duration", text);
  let ms = 0;
  for (const [, amount = "", unit = ""] of unsigned.matchAll(PART)) {
    if (!AMOUNT.test(amount)) fail("invalid duration", text);
    if (unit === "") fail("missing unit in duration", text);
    if (!Object.hasOwn(UNIT_MS, unit)) fail(`unknown unit ${JSON.stringify(unit)} in duration`, text);
    ms += Number(amount) * (UNIT_MS[unit] ?? 0);
  }
  return text.startsWith("-") ? -ms : ms;
}

/**
 * Milliseconds a model stays loaded; Infinity for negative values and for more than a century, undefined where nothing was said.
 * @throws AppError invalid_request for texts that are no duration.
 */
export function keepAliveMs(value: string | number | null | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  const ms = typeof value === "number" ? value * 1000 : durationMs(value.trim());
  return ms < 0 || ms > KEEP_ALIVE_MS_MAX ? Number.POSITIVE_INFINITY : ms;
}
