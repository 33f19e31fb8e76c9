/** Commands, flags, keys and scripts that the documents name in passing are there. */
import { expect, test } from "bun:test";
import { COMMAND_NAMES, COMMANDS } from "../../src/cli/commands.ts";
import { CONFIG_DIR_FLAG, KEYS } from "../../src/config/known-keys.ts";
import { linesWhere, PATHS, readText } from "../tidy/repository.ts";

const PAGES = PATHS.filter((path) => /^(README\.md|docs\/.*\.md)$/.test(path));
const FLAGS = new Set([
  CONFIG_DIR_FLAG,
  "--help",
  "--version",
  ...KEYS.flatMap(({ flag }) => [flag, flag.replace("--", "--no-")]),
  ...Object.values(COMMANDS).flatMap(({ flags = [] }) => flags.map(({ flag }) => flag)),
]);

/** What stands behind `rockchip-llama` where that is written as code within a line: a word, and flags. */
function usages(line: string): { readonly command: string; readonly flags: readonly string[] }[] {
  return [...line.matchAll(/`rockchip-llama ([^`]*)`/g)].map(([, words = ""]) => ({
    command: words.split(" ")[0] ?? "",
    flags: words.split(/[ =]/).filter((word) => /^--[a-z]/.test(word)),
  }));
}

test("every command and flag that is named within a line exists", () => {
  const wrong = linesWhere(PAGES, (line) =>
    usages(line).some(
      ({ command, flags }) => (/^\w/.test(command) && !COMMAND_NAMES.has(command)) || flags.some((flag) => !FLAGS.has(flag)),
    ),
  );
  expect(wrong).toEqual([]);
});

test("every script that is named is in package.json", () => {
  const { scripts } = JSON.parse(readText("package.json")) as { scripts: Readonly<Record<string, string>> };
  const named = PAGES.flatMap((path) => [...readText(path).matchAll(/\b(?:bun|npm) run ([a-z][\w:-]*)/g)].map((match) => match[1] ?? ""));
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  expect(named.length).toBeGreaterThan(5);
});
