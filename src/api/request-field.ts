/** What becomes of a request's fields. It is said beside each field in its schema; the API's description and docs/api/ are made from it. */
import { Type } from "@sinclair/typebox";
import type { TNull, TObject, TOptional, TSchema, TUnion, TUnknown } from "@sinclair/typebox";

/** `noted`: ignored, and the reply's header says so, for somebody may wonder why it changes nothing. */
export type Handling = "honoured" | "refused" | "ignored" | "noted";

/** The keyword in a schema; a field without it is honoured. */
const KEYWORD = "x-handling";

/** A field that a request may hold only with a value that means nothing; `description` says which, and what to do instead. */
export function refused<S extends TSchema>(schema: S, description: string): TOptional<TUnion<[S, TNull]>> {
  return Type.Optional(Type.Union([schema, Type.Null()], { description, [KEYWORD]: "refused" }));
}

/** A field of any type that means nothing to this server. */
export function ignored(description: string): TOptional<TUnknown> {
  return Type.Optional(Type.Unknown({ description, [KEYWORD]: "ignored" }));
}

/** A field that only tunes, and has no counterpart in the runtime. */
export function noted<S extends TSchema>(schema: S, description: string): TOptional<TUnion<[S, TNull]>> {
  return Type.Optional(Type.Union([schema, Type.Null()], { description, [KEYWORD]: "noted" }));
}

/** What becomes of a field. */
export function handlingOf(schema: TSchema): Handling {
  return (schema[KEYWORD] as Handling | undefined) ?? "honoured";
}

const notedNames = new WeakMap<TObject, readonly string[]>();

/** The names of a schema's fields that are noted: many are looked through for few, so they are kept. */
function notedNamesOf(schema: TObject): readonly string[] {
  const known = notedNames.get(schema);
  if (known !== undefined) return known;
  const names = Object.entries(schema.properties).flatMap(([name, field]) => (handlingOf(field) === "noted" ? [name] : []));
  notedNames.set(schema, names);
  return names;
}

/** Names of the fields in a body that were sent in vain, for the reply's header. */
export function notedFields(schema: TObject, body: object): string[] {
  const sent = body as Readonly<Record<string, unknown>>;
  return notedNamesOf(schema).filter((name) => (sent[name] ?? null) !== null);
}
