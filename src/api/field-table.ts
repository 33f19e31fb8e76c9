/** The table of a request's fields for docs/api/: what each takes and what becomes of it. */
import type { TObject, TSchema } from "@sinclair/typebox";
import { codeCell, table } from "../core/markdown-table.ts";
import { expectationOf } from "./body-fault.ts";
import { handlingOf } from "./request-field.ts";
import type { Handling } from "./request-field.ts";

const WORDS: Readonly<Record<Handling, string>> = {
  honoured: "honoured",
  refused: "refused",
  ignored: "ignored",
  noted: "ignored, and named in the header",
};

/** The objects inside a field, with what stands between its name and theirs. */
function objectsIn(schema: TSchema, path: string): readonly { readonly object: TObject; readonly path: string }[] {
  if (schema["properties"] !== undefined) return [{ object: schema as TObject, path }];
  if (schema["items"] !== undefined) return objectsIn(schema["items"] as TSchema, `${path}[]`);
  return ((schema["anyOf"] as readonly TSchema[] | undefined) ?? []).flatMap((option) => objectsIn(option, path));
}

function takes(schema: TSchema, required: boolean): string {
  return `${expectationOf(schema)}${required ? "; required" : ""}`;
}

function rowsOf(object: TObject, prefix: string): string[][] {
  return Object.entries(object.properties).flatMap(([name, field]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const required = object.required?.includes(name) === true;
    const row = [codeCell(path), takes(field, required), WORDS[handlingOf(field)], field.description ?? ""];
    return [row, ...objectsIn(field, path).flatMap((inner) => rowsOf(inner.object, inner.path))];
  });
}

/** One row for each field, those of nested objects behind the field that holds them. */
export function fieldTable(schema: TObject): string {
  return table(["Field", "Takes", "Handling", "What happens"], rowsOf(schema, ""));
}
