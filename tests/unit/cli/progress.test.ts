import { describe, expect, test } from "bun:test";
import { formatBytes } from "../../../src/core/byte-size.ts";
import { formatDuration, Progress, progressLine } from "../../../src/cli/progress.ts";

/** A screen that remembers, and a clock that is set by hand. */
function screen(columns: number | null) {
  const written: string[] = [];
  const clock = { ms: 0 };
  return { written, clock, columns, write: (text: string) => void written.push(text), now: () => clock.ms };
}

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [999_500, "1 MB"],
  [98_362_432, "98 MB"],
  [1_234_567_890, "1.2 GB"],
  [999_999_999_999, "1.0 TB"],
  [123_400_000_000, "123 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.4, "0 s"],
  [59.4, "59 s"],
  [60, "1 min 0 s"],
  [200, "3 min 20 s"],
  [3900, "1 h 5 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

describe("progressLine", () => {
  const half = { bytes: 50e6, totalBytes: 100e6, bytesPerSecond: 10e6 };

  test.each([
    [null, "50 %  50 MB of 100 MB  10 MB/s  5 s left"],
    [80, "[#################                 ]  50 %  50 MB of 100 MB  10 MB/s  5 s left"],
    [50, " 50 %  50 MB of 100 MB  10 MB/s  5 s left"],
    [20, " 50 %  50 MB of 100"],
  ])("in %p columns", (columns, line) => {
    expect(progressLine(half, columns)).toBe(line);
  });

  test.each([20, 40, 60, 80, 120, 300])("never fills %d columns, which would break the line", (columns) => {
    expect(progressLine(half, columns).length).toBeLessThan(columns);
  });

  test.each([
    [{ bytes: 5e6, totalBytes: null, bytesPerSecond: 1e6 }, "5 MB  1 MB/s"],
    [{ bytes: 5e6, totalBytes: null, bytesPerSecond: null }, "5 MB"],
    [{ bytes: 5e6, totalBytes: 10e6, bytesPerSecond: 0 }, "50 %  5 MB of 10 MB"],
    [{ bytes: 10e6, totalBytes: 10e6, bytesPerSecond: 1e6 }, "100 %  10 MB of 10 MB  1 MB/s"],
    [{ bytes: 0, totalBytes: 0, bytesPerSecond: null }, "100 %  0 B of 0 B"],
  ])("%j says what is known", (state, line) => {
    expect(progressLine(state, null)).toBe(line);
  });
});

describe("Progress", () => {
  test("writes plain lines at every tenth where there is no terminal", () => {
    const out = screen(null);
    const progress = new Progress(out);
    progress.start("x.gguf", 0, 1000);
    for (let bytes = 50; bytes <= 1000; bytes += 50) {
      out.clock.ms += 1;
      progress.update(bytes, 1000);
    }
    expect(out.written.length).toBe(11);
    expect(out.written[0]).toBe("x.gguf (1 kB)\n");
    expect(out.written.at(-1)).toStartWith("100 %  1 kB of 1 kB");
  });

  test("redraws one line on a terminal, ten times a second at most, and ends with the whole", () => {
    const out = screen(80);
    const progress = new Progress(out);
    progress.start("x.gguf", 0, 1000);
    for (let bytes = 1; bytes <= 1000; bytes += 1) {
      out.clock.ms += 1;
      progress.update(bytes, 1000);
    }
    progress.end();
    const drawn = out.written.filter((text) => text.startsWith("\r"));
    expect(drawn.length).toBe(11);
    expect(drawn.at(-1)).toContain("100 %");
    expect(out.written.at(-1)).toBe("\n");
  });

  test("puts other lines below what was drawn", () => {
    const out = screen(80);
    const progress = new Progress(out);
    progress.start("x.gguf", 0, 1000);
    progress.update(500, 1000);
    progress.line("the connection broke");
    progress.start("x.gguf", 500, 1000);
    expect(out.written.slice(-2)).toEqual(["\n", "the connection broke\n"]);
  });

  test("says where a file is taken up", () => {
    const out = screen(null);
    new Progress(out).start("x.gguf", 5e6, 10e6);
    expect(out.written).toEqual(["x.gguf (10 MB), going on at 5 MB\n"]);
  });
});
