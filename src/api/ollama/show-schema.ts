/** The body of POST /api/show. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { ignored } from "../request-field.ts";
import { object, optional } from "../schema.ts";

/** The body. */
export const ShowBody = object(
  {
    model: optional(Type.String(), "Name of the model. Required."),
    name: optional(Type.String(), "Older form of `model`, which goes first."),
    verbose: optional(Type.Boolean(), "Long arrays of the metadata, such as the vocabulary, as well."),
    system: optional(Type.String(), "Shown as if it were the model's own; nothing is kept."),
    options: optional(Type.Record(Type.String(), Type.Unknown()), "Shown as if they were the model's own; nothing is kept."),
    template: ignored("The model's own is shown."),
  },
  { title: "OllamaShowRequest" },
);
export type ShowBody = Static<typeof ShowBody>;
