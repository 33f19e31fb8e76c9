/** Bodies of POST /api/chat and POST /api/generate. */
import { Type } from "@sinclair/typebox";
import type { Static, TObject } from "@sinclair/typebox";
import { ignored, noted, refused } from "../request-field.ts";
import { MESSAGES_MAX, object, optional, TOOLS_MAX } from "../schema.ts";

const NO_IMAGES = "Refused unless empty: the models here cannot see.";

const ToolCall = object({
  id: optional(Type.String(), "What `tool_call_id` refers to."),
  function: object(
    {
      name: Type.String({ description: "The function." }),
      arguments: optional(Type.Unknown(), "An object; OpenAI's form, JSON as a text, is taken too."),
    },
    { description: "What was called." },
  ),
});

const Message = object({
  role: Type.String({ description: "`system`, `user`, `assistant` or `tool`, in any case; `developer` is `system`. Others are refused." }),
  content: optional(Type.String(), "The text. A list of parts is refused, as Ollama does."),
  thinking: optional(Type.String(), "On assistant messages: what it thought before."),
  images: refused(Type.Array(Type.String()), NO_IMAGES),
  tool_calls: optional(Type.Array(ToolCall), "On assistant messages: the calls it made."),
  tool_name: optional(Type.String(), "On tool messages: the function it answers."),
  tool_call_id: optional(Type.String(), "On tool messages: the call it answers."),
});

const Tool = object({
  type: ignored("`function`."),
  function: object(
    {
      name: Type.String({ minLength: 1, description: "The function's name." }),
      description: optional(Type.String(), "What it does, for the model."),
      parameters: optional(
        Type.Record(Type.String(), Type.Unknown()),
        "A JSON Schema of the arguments; it reaches the model as it was sent.",
      ),
    },
    { description: "The function." },
  ),
});

const UNSEEN = "The runtime has no counterpart.";
const LOADED = "Decided when the model is loaded, for all its requests.";

/** What `options` may hold. Values are judged by options.ts, in Ollama's words; here is what becomes of them. */
export const OllamaOptions: TObject = object(
  {
    temperature: optional(Type.Unknown(), "A number; clamped to 0 to 2."),
    top_k: optional(Type.Unknown(), "A number; its fraction is cut off, and it is clamped to 0 to 1,000,000."),
    top_p: optional(Type.Unknown(), "A number; clamped to 0 to 1."),
    repeat_penalty: optional(Type.Unknown(), "A number; clamped to 0 to 10."),
    presence_penalty: optional(Type.Unknown(), "A number; clamped to -2 to 2."),
    frequency_penalty: optional(Type.Unknown(), "A number; clamped to -2 to 2."),
    mirostat: optional(Type.Unknown(), "0, 1 or 2; clamped. Ollama itself has dropped it."),
    mirostat_tau: optional(Type.Unknown(), "A number; clamped to 0 to 100."),
    mirostat_eta: optional(Type.Unknown(), "A number; clamped to 0 to 1."),
    num_predict: optional(
      Type.Unknown(),
      "A number of tokens, cut to what fits the context. Negative: as many as fit. 0: the prompt is read and nothing answered.",
    ),
    stop: optional(Type.Unknown(), "A list of texts, or one text."),
    num_ctx: noted(Type.Unknown(), `${LOADED} \`/api/show\` tells the length.`),
    num_keep: noted(Type.Unknown(), "The context is never shifted."),
    seed: noted(Type.Unknown(), UNSEEN),
    min_p: noted(Type.Unknown(), UNSEEN),
    typical_p: noted(Type.Unknown(), UNSEEN),
    tfs_z: noted(Type.Unknown(), UNSEEN),
    repeat_last_n: noted(Type.Unknown(), UNSEEN),
    penalize_newline: noted(Type.Unknown(), UNSEEN),
    num_batch: ignored(LOADED),
    num_gpu: ignored(LOADED),
    main_gpu: ignored(LOADED),
    num_thread: ignored(LOADED),
    use_mmap: ignored(LOADED),
    use_mlock: ignored(LOADED),
    low_vram: ignored(LOADED),
    numa: ignored(LOADED),
    f16_kv: ignored(LOADED),
    draft_num_predict: ignored(LOADED),
  },
  { title: "OllamaOptions" },
);

/** How long the model stays, as all requests that use one take it. */
export const KEEP_ALIVE = optional(
  Type.Union([Type.Number(), Type.String()]),
  "How long the model stays loaded after the answer: seconds, or a text such as `10m`; 0 unloads it, negative keeps it. A number in quotes is taken as seconds.",
);

const COMMON_FIELDS = {
  model: optional(
    Type.String(),
    "Name of the model, in any case, with or without `:latest`. Required. A name ending in `:cloud` is refused with status 403.",
  ),
  stream: optional(Type.Boolean(), "Send the answer in pieces, one JSON object a line; true where it is left out."),
  think: optional(
    Type.Union([Type.Boolean(), Type.String()]),
    "A boolean, or `low`, `medium`, `high`, `max`. Where it is left out, the chat template decides: that of most models that can think lets them. Models that cannot refuse all but false.",
  ),
  format: optional(Type.Unknown(), "`json` for an object, or the JSON Schema that the answer has to fit; empty for free text."),
  options: optional(Type.Record(Type.String(), Type.Unknown()), "See the table of options."),
  keep_alive: KEEP_ALIVE,
  shift: noted(Type.Boolean(), "An answer that fills the context ends with `length`, as with `shift` false: nothing is forgotten midway."),
  logprobs: refused(Type.Boolean(), "Refused unless false: the runtime does not tell probabilities."),
  top_logprobs: optional(Type.Integer(), "Must be from 0 to 20, and means nothing without `logprobs`."),
  _debug_render_only: optional(
    Type.Boolean(),
    "Answers with the prompt that would run, in `_debug_info.rendered_template`, and runs nothing.",
  ),
};

/** The body of POST /api/chat. */
export const OllamaChatBody = object(
  {
    ...COMMON_FIELDS,
    messages: optional(Type.Array(Message, { maxItems: MESSAGES_MAX }), "The conversation so far; without it the model is only loaded."),
    tools: optional(Type.Array(Tool, { maxItems: TOOLS_MAX }), "Functions the model may call."),
    truncate: optional(
      Type.Boolean(),
      "Where the conversation is too long its oldest turns are left out, never system messages or the last turn, and a header says how many. false: it is refused.",
    ),
  },
  { title: "OllamaChatRequest" },
);
export type OllamaChatBody = Static<typeof OllamaChatBody>;
/** One message of it. */
export type OllamaMessage = Static<typeof Message>;

/** The body of POST /api/generate. */
export const OllamaGenerateBody = object(
  {
    ...COMMON_FIELDS,
    prompt: optional(Type.String(), "The user's text; without it the model is only loaded."),
    system: optional(Type.String(), "Takes the place of the model's system prompt."),
    raw: optional(
      Type.Boolean(),
      "The prompt goes to the model as it is, without its chat template, and what spells control tokens in it is taken for them; not beside `system`, `template` or `context`.",
    ),
    suffix: optional(Type.String(), "Text behind the answer, for models with the capability `insert`; others refuse it."),
    template: refused(
      Type.String(),
      "Refused unless it is the model's own, as `/api/show` tells it, or `{{ .Prompt }}`, which means `raw`. Templates in Go's language cannot be run here.",
    ),
    context: optional(
      Type.Array(Type.Integer()),
      "The `context` of an earlier answer, which goes on from there. It holds the conversation, not token ids; one of another server is refused.",
    ),
    images: refused(Type.Array(Type.String()), NO_IMAGES),
    truncate: optional(Type.Boolean(), "As for `/api/chat`, with the turns in `context`."),
  },
  { title: "OllamaGenerateRequest" },
);
export type OllamaGenerateBody = Static<typeof OllamaGenerateBody>;
