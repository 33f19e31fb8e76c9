import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { join } from "node:path";
import { keysCommand } from "../../../src/cli/keys.ts";
import { AppError } from "../../../src/core/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const lines: { out: string[]; err: string[] } = { out: [], err: [] };
const spies = { out: spyOn(console, "log"), err: spyOn(console, "error") };

beforeEach(() => {
  lines.out = [];
  lines.err = [];
  spies.out.mockImplementation((line: string) => void lines.out.push(line));
  spies.err.mockImplementation((line: string) => void lines.err.push(line));
});

afterEach(() => {
  spies.out.mockReset();
  spies.err.mockReset();
});

/** Runs `keys <words>` on a file; what it prints, or why it does not. */
function runner(): (...words: string[]) => string {
  const config = { keys_file: join(temporaryFolder(), "keys.json") };
  return (...words) => {
    lines.out = [];
    try {
      keysCommand(words, config);
    } catch (thrown) {
      const { code, message } = AppError.from(thrown);
      return `${code}: ${message}`;
    }
    return lines.out.join("\n");
  };
}

test("add prints the key alone, for scripts, and says beside it that it comes once", () => {
  const keys = runner();
  expect(keys("add", "laptop")).toMatch(/^rl-[\w-]{43}$/);
  expect(lines.err.join("\n")).toStartWith("This is the key of laptop. It is shown this once;");
});

test("list shows names, days and the last four characters of each key, and never more", () => {
  const keys = runner();
  const [one, two] = [keys("add", "a"), keys("add", "workstation")];
  const today = new Date().toISOString().slice(0, 10);
  expect(keys("list")).toBe(
    ["NAME         CREATED     KEY", `a            ${today}  …${one.slice(-4)}`, `workstation  ${today}  …${two.slice(-4)}`].join("\n"),
  );
});

test("revoke takes a key away", () => {
  const keys = runner();
  keys("add", "laptop");
  expect([keys("revoke", "laptop"), keys("list"), keys("revoke", "laptop").split(":")[0]]).toEqual([
    "The key of laptop is revoked.",
    "There is no API key. Make one with: rockchip-llama keys add <name>",
    "config_invalid",
  ]);
});

test.each<[readonly string[]]>([[["add"]], [["revoke"]], [["list", "laptop"]], [["remove", "laptop"]], [[]]])(
  "keys %p is told how it goes",
  (words) => {
    expect(runner()(...words)).toBe("config_invalid: This is how: rockchip-llama keys add <name>, keys list, keys revoke <name>.");
  },
);
