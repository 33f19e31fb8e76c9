/** The building blocks of request schemas. Unknown fields pass at every level, and null stands for an absent field. */
import { Type } from "@sinclair/typebox";
import type { ObjectOptions, SchemaOptions, TLiteral, TNull, TObject, TOptional, TProperties, TSchema, TUnion } from "@sinclair/typebox";
import { SAMPLING_RANGES } from "../core/sampling-range.ts";

/** An object whose unknown fields are let through: every client sends some. */
export function object<P extends TProperties>(properties: P, options: ObjectOptions = {}): TObject<P> {
  return Type.Object(properties, { additionalProperties: true, ...options });
}

/** A field that may be left out or null, which mean the same. It has no default here: absent stays absent until the engine resolves options. */
export function optional<S extends TSchema>(schema: S, description?: string): TOptional<TUnion<[S, TNull]>> {
  return Type.Optional(Type.Union([schema, Type.Null()], description === undefined ? {} : { description }));
}

/** Most messages of a request. Rendering holds up the model's other answers: for seconds where there are a hundred thousand messages. */
export const MESSAGES_MAX = 10_000;
/** Most tools of a request, for the same reason. */
export const TOOLS_MAX = 1000;

/** Several servers and their clients say -1 for "off"; resolveSampling() makes 0 of that. */
export const TOP_K_FIELD = optional(
  Type.Integer({ maximum: SAMPLING_RANGES.topK.maximum }),
  "Keeps this many of the likeliest tokens; 0 and less turn it off.",
);

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(
  words: W,
  options: SchemaOptions = {},
): TUnion<{ [K in keyof W]: TLiteral<W[K] & string> } & TSchema[]> {
  // TypeBox cannot infer the tuple through map; the type says what the value is.
  return Type.Union(
    words.map((word) => Type.Literal(word)),
    options,
  ) as unknown as TUnion<{ [K in keyof W]: TLiteral<W[K] & string> } & TSchema[]>;
}

/** A copy without the fields that are undefined or null. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | null | undefined }): T {
  const kept: Partial<Record<keyof T, unknown>> = {};
  for (const name of Object.keys(fields) as (keyof T)[]) if ((fields[name] ?? null) !== null) kept[name] = fields[name];
  return kept as T;
}
