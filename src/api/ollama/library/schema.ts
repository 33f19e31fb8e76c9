/** Bodies of the requests that make, get, copy and delete models. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { ignored, refused } from "../../request-field.ts";
import { MESSAGES_MAX, object, optional } from "../../schema.ts";

const NAME = optional(Type.String(), "The model's name. Required.");
const OLD_NAME = optional(Type.String(), "The former name of `model`.");
const STREAM = optional(Type.Boolean(), "Tell what is being done, one JSON object a line; true where it is left out.");

const Message = object({
  role: Type.String({ description: "`system`, `user` or `assistant`." }),
  content: optional(Type.String(), "The text."),
});
const Digests = (what: string) => optional(Type.Record(Type.String(), Type.String()), what);

/** The body of POST /api/create. */
export const OllamaCreateBody = object(
  {
    model: NAME,
    name: OLD_NAME,
    from: optional(Type.String(), "The model it is made of; one of the hub (`owner/repository`) is pulled first."),
    files: Digests("In place of `from`: the digest of uploaded weights by file name, and of a tokenizer or template beside them."),
    adapters: Digests("The digest of an uploaded LoRA adapter by file name; at most one."),
    template: optional(
      Type.String(),
      "A chat template in Jinja. Of Go templates those are understood that spell well-known turns; others are refused.",
    ),
    system: optional(Type.String(), "Stands in front of conversations that do not begin with a system message."),
    parameters: optional(
      Type.Record(Type.String(), Type.Unknown()),
      "Options for requests that leave them open; see the table of options.",
    ),
    messages: optional(Type.Array(Message, { maxItems: MESSAGES_MAX }), "Turns in front of every conversation."),
    license: optional(Type.Union([Type.String(), Type.Array(Type.String())]), "Texts; they are added to those that the model has."),
    info: optional(
      Type.Record(Type.String(), Type.Unknown()),
      "`context_length`, `model_family`, `parameter_size` and `quantization_level` overrule what the file says, and `tools` in `capabilities` is added to what it shows; others are ignored.",
    ),
    quantize: refused(Type.String(), "Refused unless empty: weights are converted elsewhere."),
    quantization: refused(Type.String(), "The former name of `quantize`."),
    draft_files: refused(Type.Unknown(), "Refused: there are no draft models."),
    remote_host: refused(Type.String(), "Refused unless empty: models run on this machine."),
    renderer: ignored("The template decides."),
    parser: ignored("The template decides."),
    requires: ignored("A version of Ollama's."),
    stream: STREAM,
  },
  { title: "OllamaCreateRequest" },
);
export type OllamaCreateBody = Static<typeof OllamaCreateBody>;

/** The body of POST /api/pull, and of POST /api/push. */
export const OllamaPullBody = object(
  {
    model: NAME,
    name: OLD_NAME,
    insecure: ignored("Downloads are always over https."),
    username: ignored("The server has its own token."),
    password: ignored("The server has its own token."),
    stream: STREAM,
  },
  { title: "OllamaPullRequest" },
);

/** The body of POST /api/copy. */
export const OllamaCopyBody = object(
  {
    source: optional(Type.String(), "A model. Required."),
    destination: optional(Type.String(), "Its second name. Required."),
  },
  { title: "OllamaCopyRequest" },
);

/** The body of DELETE /api/delete. */
export const OllamaDeleteBody = object({ model: NAME, name: OLD_NAME }, { title: "OllamaDeleteRequest" });
