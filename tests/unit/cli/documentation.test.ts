import { expect, test } from "bun:test";
import { join } from "node:path";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { RUN_FLAGS } from "../../../src/cli/command-flags.ts";

const page = await Bun.file(join(import.meta.dir, "../../../docs/cli.md")).text();

test("docs/cli.md names every command, every other name of one, and every flag of run", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("|"));
  const named = (name: string) => rows.some((row) => new RegExp(`\`${name}[ \`]`).test(row));
  const names = Object.entries(COMMANDS).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  expect(names.filter((name) => !named(name))).toEqual([]);
  expect(RUN_FLAGS.map(({ flag }) => flag).filter((flag) => !page.includes(`\`${flag}`))).toEqual([]);
});
