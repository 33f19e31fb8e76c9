import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { failureText } from "../../../src/cli/run-command.ts";
import { listenFault } from "../../../src/cli/serve.ts";
import { AppError } from "../../../src/core/errors.ts";

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  return "nothing";
}

test("a failure that somebody foresaw is told in its own words", () => {
  expect(failureText(new AppError("download_failed", "The download failed. Try again later."))).toBe(
    "The download failed. Try again later.",
  );
});

test("a refusal of the operating system is one line without a stack", () => {
  expect(failureText(thrownBy(() => mkdirSync("/proc/models")))).toBe(
    "The system refused: no such file or directory, mkdir '/proc/models' (ENOENT).",
  );
});

test("a fault of the program shows where it happened", () => {
  expect(failureText(new TypeError("x is not a function"))).toContain("failure-text.test.ts");
});

test.each([
  ["EADDRINUSE", "the port is in use. Choose another with --port, or stop the program that has it."],
  ["EACCES", "port 80 is not open to this user. Choose one above 1023 with --port."],
  ["EADDRNOTAVAIL", "board is not an address of this machine. Choose another with --host."],
  ["ENOTFOUND", "board is no address. Choose another with --host."],
  ["EIO", "Words of the system."],
])("%s on listening is told with what to do", (code, words) => {
  const cause = Object.assign(new Error("Words of the system"), { code });
  expect(listenFault(cause, { host: "board", port: 80, flag: "--port" })).toBe(words);
});
