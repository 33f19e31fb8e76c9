/** The bodies of POST /api/embed and of its older form, POST /api/embeddings. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { noted } from "../request-field.ts";
import { object, optional } from "../schema.ts";
import { KEEP_ALIVE } from "./schema.ts";

const OPTIONS = noted(
  Type.Record(Type.String(), Type.Unknown()),
  "Nothing is sampled, and the context is as long as the model was loaded with.",
);

/** The body of a request for vectors. */
export const OllamaEmbedBody = object(
  {
    model: optional(Type.String(), "Name of the model. Required."),
    input: optional(
      Type.Unknown(),
      "A text, or a list of up to 2048 texts. Without one the model is only loaded, and unloaded with `keep_alive` 0.",
    ),
    truncate: optional(Type.Boolean(), "A text that is longer than the context is cut; false: it is refused."),
    dimensions: optional(
      Type.Integer(),
      "Cuts the vectors and gives them length 1 again; 0, and more than they have, does nothing. A header says so where the model was not trained for it.",
    ),
    keep_alive: KEEP_ALIVE,
    options: OPTIONS,
  },
  { title: "OllamaEmbedRequest" },
);
export type OllamaEmbedBody = Static<typeof OllamaEmbedBody>;

/** The body of a request for one vector. */
export const OllamaEmbeddingsBody = object(
  {
    model: optional(Type.String(), "Name of the model. Required."),
    prompt: optional(Type.String(), "The text; without one the model is only loaded."),
    keep_alive: KEEP_ALIVE,
    options: OPTIONS,
  },
  { title: "OllamaEmbeddingsRequest" },
);
export type OllamaEmbeddingsBody = Static<typeof OllamaEmbeddingsBody>;
