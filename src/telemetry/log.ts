/** The log: one line per event on standard error, for people or as JSON. It never gets prompt text or secrets. */

/** From the rarest to the most talkative. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
/** How important a line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Facts beside the message: plain data. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** Writes events. */
export type Log = { readonly [Level in LogLevel]: (message: string, facts?: LogFacts) => void };

/** How and where to log. */
export interface LogOptions {
  /** Asked for each line: it may change. */
  readonly level: () => LogLevel;
  readonly format: "text" | "json";
  readonly write: (line: string) => void;
  /** The clock; tests pass their own. */
  readonly now?: () => Date;
}

/** Makes a log. */
export function createLog(options: LogOptions): Log {
  const now = options.now ?? (() => new Date());
  const line = options.format === "json" ? jsonLine : textLine;
  const writer =
    (level: LogLevel) =>
    (message: string, facts: LogFacts = {}) => {
      if (LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(options.level()))
        options.write(plainCharacters(line(now().toISOString(), level, message, facts)));
    };
  return { error: writer("error"), warn: writer("warn"), info: writer("info"), debug: writer("debug") };
}

/**
 * JSON leaves as they are what terminals take for commands, what some programs take for the end of a line, and what turns the direction of
 * writing around.
 */
function plainCharacters(line: string): string {
  return line.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function jsonLine(time: string, level: LogLevel, message: string, facts: LogFacts): string {
  return JSON.stringify({ time, level, message, ...facts });
}

function textLine(time: string, level: LogLevel, message: string, facts: LogFacts): string {
  const pairs = Object.entries(facts).map(([name, value]) => ` ${name}=${plain(value)}`);
  return `${time} ${level.padEnd(5)} ${oneLine(message)}${pairs.join("")}`;
}

/** A value that needs no quotes is written without. */
function plain(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
  return /^[\w./:@+,-]+$/.test(text) ? text : JSON.stringify(text);
}

/** What comes from outside must not be able to forge lines of its own. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, (character) => JSON.stringify(character).slice(1, -1));
}
