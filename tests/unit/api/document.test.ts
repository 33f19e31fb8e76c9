/** The tables in docs/api/: up to date, and complete. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Type } from "@sinclair/typebox";
import { API_PAGES, withTables } from "../../../src/api/document.ts";
import { fieldTable } from "../../../src/api/field-table.ts";
import { ignored, noted, notedFields, refused } from "../../../src/api/request-field.ts";
import { object, optional } from "../../../src/api/schema.ts";

const ROOT = join(import.meta.dir, "../../..");

describe.each([...API_PAGES])("%s", (path) => {
  const page = readFileSync(join(ROOT, path), "utf8");

  test("is what bun run docs:api writes", () => {
    expect(page).toBe(withTables(page));
  });

  test("has no text between its tables' comments", () => {
    const marks = [...page.matchAll(/<!-- (fields of|end of fields)/g)].map(([, mark]) => mark);
    const between = [...page.matchAll(/<!-- fields of[^]*?<!-- end of fields -->/g)].flatMap(([part]) => part.split("\n").slice(1, -1));
    expect([marks, between.filter((line) => line !== "" && !line.startsWith("|"))]).toEqual([
      marks.map((_, index) => (index % 2 === 0 ? "fields of" : "end of fields")),
      [],
    ]);
  });

  test("says of every field what happens to it", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `") && line.split(" | ").length === 4);
    const silent = rows.filter((line) => /\| +\|$/.test(line));
    expect([rows.length > 10, silent]).toEqual([true, []]);
  });
});

test("an empty table is filled, and what stands around it stays", () => {
  const lines = withTables("A\n\n<!-- fields of CompletionRequest -->\n<!-- end of fields -->\n\nB\n\n<!-- end of fields -->\n").split(
    "\n",
  );
  expect(lines.filter((line) => !line.startsWith("|"))).toEqual([
    "A",
    "",
    "<!-- fields of CompletionRequest -->",
    "",
    "",
    "<!-- end of fields -->",
    "",
    "B",
    "",
    "<!-- end of fields -->",
    "",
  ]);
});

test("a page that asks for the fields of no request is a fault", () => {
  expect(() => withTables("<!-- fields of Nothing -->\n\n<!-- end of fields -->\n")).toThrow("asks for the fields of Nothing");
});

const Body = object({
  list: Type.Array(
    object({ deep: optional(Type.Union([Type.String(), object({ "a|b": Type.Integer({ description: "Whole." }) })]), "Deep.") }),
    {
      description: "All.",
    },
  ),
  seed: noted(Type.Integer(), "None."),
  bias: refused(Type.Boolean(), "Not this."),
  user: ignored("Nobody."),
});

test("a table goes into nested objects, lists and alternatives", () => {
  expect(fieldTable(Body).replaceAll(/ +/g, " ").split("\n")).toEqual([
    "| Field | Takes | Handling | What happens |",
    "| ------------------ | ------------------------ | -------------------------------- | ------------ |",
    "| `list` | an array; required | honoured | All. |",
    "| `list[].deep` | a string or an object | honoured | Deep. |",
    "| `list[].deep.a\\|b` | a whole number; required | honoured | Whole. |",
    "| `seed` | a whole number | ignored, and named in the header | None. |",
    "| `bias` | true or false | refused | Not this. |",
    "| `user` | any value | ignored | Nobody. |",
  ]);
});

test("fields that were sent in vain are those that somebody may miss, and null was not sent", () => {
  expect([notedFields(Body, { seed: 0, bias: false, user: "ann" }), notedFields(Body, { seed: null })]).toEqual([["seed"], []]);
});
