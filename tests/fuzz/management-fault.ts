/** What is wrong with a reply of the management routes. */
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { object, oneOf, optional } from "../../src/api/schema.ts";

/** Bodies for PATCH /v1/config that have a chance: its own schema takes any object. */
export const SettingsBody = object({
  log_level: optional(oneOf(["error", "info", "debug"])),
  queue_depth_max: Type.Integer({ minimum: 1, maximum: 65_536 }),
  keep_alive_s: Type.Optional(Type.Union([Type.Number(), Type.String()])),
});

const Loaded = Type.Object({ id: Type.String(), object: Type.Literal("loaded_model"), pinned: Type.Boolean(), loaded_at: Type.String() });
const Unloaded = Type.Object({ id: Type.String(), unloaded: Type.Boolean() });
const Changed = Type.Object({
  object: Type.Literal("config"),
  changed: Type.Array(Type.Object({ name: Type.String() })),
  persisted: Type.Literal(false),
});

const faultOf = (schema: Parameters<typeof Value.Check>[0]) => (text: string) =>
  Value.Check(schema, JSON.parse(text)) ? null : "the reply has another form";

export const loadFault = faultOf(Loaded);
export const unloadFault = faultOf(Unloaded);
export const changeFault = faultOf(Changed);
