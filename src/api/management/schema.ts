/** The bodies of the requests that manage the server. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { object, optional } from "../schema.ts";

const MODEL = Type.String({ minLength: 1, description: "Name or alias of the model." });

/** The body of POST /v1/models/load. */
export const LoadBody = object(
  {
    model: MODEL,
    pin: optional(Type.Boolean(), "true: it stays loaded whatever else is asked for; false: no longer; left out: as it was."),
    keep_alive: optional(
      Type.Union([Type.Number(), Type.String()]),
      "How long it stays after its last use: seconds, or a text such as `10m`; negative is until its place is needed. It holds until another request for the model says otherwise.",
    ),
  },
  { title: "LoadModelRequest" },
);
export type LoadBody = Static<typeof LoadBody>;

/** The body of POST /v1/models/unload. */
export const UnloadBody = object({ model: MODEL }, { title: "UnloadModelRequest" });
export type UnloadBody = Static<typeof UnloadBody>;

/** The body of PATCH /v1/config: settings by name. Which there are is decided by the configuration. */
export const ConfigBody = object({}, { title: "ChangeConfigRequest", description: "Settings by name, spelled as in a file." });
