/** The global names a chat template may use, as transformers defines them, except that time stands still within a day. */
import { Environment } from "@huggingface/jinja";

/** What a template's own `raise_exception` throws. */
export class TemplateRefusal extends Error {
  override readonly name = "TemplateRefusal";
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/**
 * Whether a template can do without the date: it asks for `strftime_now` before it calls it. Such a template is given none, so that its
 * prompts stay equal from day to day and the KV cache's prefix with them; others get the date of the day, never the time.
 */
export function hasOwnDate(source: string): boolean {
  return /strftime_now\s+is\s+(?:not\s+)?defined/.test(source);
}

/** An environment for one rendering. @param now The day `strftime_now` tells; null leaves the function undefined. */
export function createTemplateEnvironment(variables: Readonly<Record<string, unknown>>, now: Date | null): Environment {
  const environment = new Environment();
  const globals: Record<string, unknown> = {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range: pythonRange,
    raise_exception(message: unknown): never {
      throw new TemplateRefusal(String(message));
    },
    ...(now === null ? {} : { strftime_now: (format: unknown) => formatDay(now, String(format)) }),
    ...variables,
  };
  for (const [name, value] of Object.entries(globals)) {
    if (value !== undefined) environment.set(name, value);
  }
  return environment;
}

/** Python's strftime for a day at midnight, local time, English names. Unknown directives stay as they are. */
function formatDay(day: Date, format: string): string {
  const month = MONTHS[day.getMonth()] ?? "";
  const weekday = DAYS[day.getDay()] ?? "";
  const values: Readonly<Record<string, string>> = {
    Y: String(day.getFullYear()),
    y: twoDigits(day.getFullYear() % 100),
    m: twoDigits(day.getMonth() + 1),
    d: twoDigits(day.getDate()),
    B: month,
    b: month.slice(0, 3),
    A: weekday,
    a: weekday.slice(0, 3),
    H: "00",
    I: "12",
    p: "AM",
    M: "00",
    S: "00",
    "%": "%",
  };
  return format.replace(/%(.)/gs, (whole, directive: string) => values[directive] ?? whole);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** More than any template counts to; the list is made at once, and must not take all memory. */
const RANGE_LENGTH_MAX = 100_000;

function pythonRange(first: number, last?: number, step = 1): number[] {
  if (step === 0) throw new Error("range() step must not be zero");
  const [start, stop] = last === undefined ? [0, first] : [first, last];
  const values: number[] = [];
  for (let value = start; step > 0 ? value < stop : value > stop; value += step) {
    if (values.length >= RANGE_LENGTH_MAX) throw new Error(`range() has more than ${RANGE_LENGTH_MAX} values`);
    values.push(value);
  }
  return values;
}
