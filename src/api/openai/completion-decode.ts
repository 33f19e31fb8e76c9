/** From the body of a plain completion to the canonical request. */
import { AppError } from "../../core/errors.ts";
import type { GenerationInput, GenerationRequest } from "../../core/generation.ts";
import { present } from "../schema.ts";
import type { CompletionBody } from "./completion-schema.ts";
import { ignoredFields, refuse, refuseCommon, samplingOf, stopOf } from "./sampling-schema.ts";

/** OpenAI's default for this endpoint alone; its clients rely on short answers. */
const TOKENS_MAX_DEFAULT = 16;

/** A decoded request and what only the encoder needs. */
export interface DecodedCompletion {
  readonly request: GenerationRequest;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly ignored: readonly string[];
  /** Text that goes in front of the answer; "" unless `echo` was asked for. */
  readonly echo: string;
}

/** The one prompt of a request, in any of its four spellings. */
function inputOf(prompt: CompletionBody["prompt"]): GenerationInput {
  if (typeof prompt === "string") return { kind: "completion", prompt };
  const numbers = prompt.filter((item) => typeof item === "number");
  if (numbers.length === prompt.length) return { kind: "tokens", ids: numbers };
  const [only] = prompt;
  if (prompt.length > 1 || only === undefined || typeof only === "number") {
    return refuse("prompt", `one prompt is taken per request, and this has ${prompt.length}. Send them one by one.`);
  }
  return typeof only === "string" ? { kind: "completion", prompt: only } : { kind: "tokens", ids: only };
}

/** Pure. Throws AppError invalid_request or unsupported_parameter, naming the field. */
export function decodeCompletion(id: string, body: CompletionBody): DecodedCompletion {
  refuseCommon(body);
  if ((body.logprobs ?? null) !== null) refuse("logprobs", "the runtime gives no access to token probabilities. Leave it out.");
  if ((body.best_of ?? 1) > 1) refuse("best_of", "one answer is made per request. Leave it out or send 1.");
  if ((body.suffix ?? "") !== "") refuse("suffix", "text can only be continued, not filled in. Leave it out.");
  const input = inputOf(body.prompt);
  if (input.kind === "tokens" && input.ids.length === 0) {
    throw new AppError("invalid_request", 'The field "prompt" must hold at least one token id.', {
      details: { field: "prompt", fault: "value" },
    });
  }
  if (body.echo === true && input.kind !== "completion") refuse("echo", "only a text prompt can be repeated. Send the prompt as a text.");
  const tokens = body.max_tokens ?? TOKENS_MAX_DEFAULT;
  return {
    request: present<GenerationRequest>({
      id,
      model: body.model ?? "",
      input,
      reasoning: { mode: "auto" },
      sampling: samplingOf(body),
      tokensMax: tokens < 0 ? undefined : tokens,
      stop: stopOf(body),
    }),
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    ignored: ignoredFields(body),
    echo: body.echo === true && input.kind === "completion" ? input.prompt : "",
  };
}
