import { expect, test } from "bun:test";
import { createLog, type LogLevel } from "../../../src/telemetry/log.ts";

function logTo(lines: string[], level: LogLevel, format: "text" | "json") {
  return createLog({ level: () => level, format, write: (line) => lines.push(line), now: () => new Date("2026-01-02T03:04:05Z") });
}

test("createLog() writes one line per event, for people or as JSON", () => {
  const lines: string[] = [];
  for (const format of ["text", "json"] as const) logTo(lines, "info", format).info("model loaded", { model: "a b", tokens: 3 });
  expect(lines).toEqual([
    '2026-01-02T03:04:05.000Z info  model loaded model="a b" tokens=3',
    '{"time":"2026-01-02T03:04:05.000Z","level":"info","message":"model loaded","model":"a b","tokens":3}',
  ]);
});

test("createLog() leaves out what is less important than its level", () => {
  const lines: string[] = [];
  const log = logTo(lines, "warn", "text");
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  expect(lines.map((line) => line.slice(-1))).toEqual(["c", "d"]);
});

test("createLog() keeps what comes from outside on its line", () => {
  const lines: string[] = [];
  logTo(lines, "info", "text").info("said\nforged error", { who: "x\ny" });
  expect(lines).toEqual(['2026-01-02T03:04:05.000Z info  said\\nforged error who="x\\ny"']);
});

test.each(["text", "json"] as const)("createLog() escapes what a terminal or a reader of lines would act on, as %s", (format) => {
  const lines: string[] = [];
  const odd = "\u001b[2J\u007f\u009b2J\u2028\u2029\u0085\r\n";
  logTo(lines, "info", format).info(`said ${odd}`, { who: odd });
  expect(lines.length).toBe(1);
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(lines[0]).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  if (format === "json") expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: `said ${odd}`, who: odd });
});
