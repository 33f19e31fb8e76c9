/** Rules of the house that a linter does not know. Each failure lists every place. */
import { expect, test } from "bun:test";
import { linesWhere, readText, sources } from "./repository.ts";

const LINES_MAX = 300;
/** Files that may be longer, each with the reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

const SRC = sources("src");
const TESTS = sources("tests").filter((path) => path.endsWith(".test.ts") && !path.startsWith("tests/tidy/"));

test(`no file of src/ is longer than ${LINES_MAX} lines`, () => {
  const lengths = SRC.map((path) => ({ path, lines: readText(path).split("\n").length - 1 }));
  const long = lengths.filter(({ path, lines }) => lines > LINES_MAX && !(path in LONG_FILES));
  expect(long.map(({ path, lines }) => `${path} has ${lines} lines: which idea in it deserves a file of its own?`)).toEqual([]);
});

test("the environment is read only in src/config", () => {
  expect(
    linesWhere(
      SRC.filter((path) => !path.startsWith("src/config/")),
      (line) => /\b(?:process|Bun|import\.meta)\.env\b/.test(line),
    ),
  ).toEqual([]);
});

test("files are named in kebab-case, and none is called index", () => {
  const named = [...SRC, ...sources("tests", "bench", "config", "external")];
  expect(
    named.filter(
      (path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|fixture|d))?\.tsx?$/.test(path.split("/").at(-1) ?? "") || /\/index\.tsx?$/.test(path),
    ),
  ).toEqual([]);
});

test("nothing is called utils, helpers or manager", () => {
  expect(SRC.filter((path) => /\b(utils?|helpers?|managers?|common|misc)\b/.test(path))).toEqual([]);
});

test("everything exported from src/ has a docstring", () => {
  expect(SRC.flatMap((path) => undocumentedExports(path, readText(path)))).toEqual([]);
});

const EXPORTED = /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) (\w+)/;

/**
 * Exported names without a comment right above. A type and a value of one name need one docstring between them, and a file's
 * only export may be described by the file's header.
 */
function undocumentedExports(path: string, text: string): string[] {
  const lines = text.split("\n");
  const documented = new Map<string, boolean>();
  for (const [index, line] of lines.entries()) {
    const name = EXPORTED.exec(line)?.[1];
    if (name === undefined) continue;
    const above = lines[index - 1]?.trim() ?? "";
    documented.set(name, documented.get(name) === true || above.endsWith("*/"));
  }
  if (documented.size === 1 && text.startsWith("/**")) return [];
  return [...documented].filter(([, isDocumented]) => !isDocumented).map(([name]) => `${path}: ${name} has no docstring`);
}

test("a skipped test gives its reason on the same line", () => {
  const skips = /\b(?:test|describe|it)\.(?:skip|skipIf|if|todo|todoIf|failing)\b/;
  expect(linesWhere(TESTS, (line) => skips.test(line) && !/\/\/ |skipped/.test(line))).toEqual([]);
});

test("no test is singled out", () => {
  expect(linesWhere(TESTS, (line) => /\b(?:test|describe|it)\.only\b/.test(line))).toEqual([]);
});

test("no test fixes a port", () => {
  expect(linesWhere(TESTS, (line) => /(?:listen|serve)\(.*\bport: (?!0\b)\d/.test(line) && !line.includes("// "))).toEqual([]);
});
