/** From the body of a plain completion to the canonical requests. */
import type { GenerationInput, GenerationRequest } from "../../core/generation.ts";
import type { AtLeastOne } from "../dialect.ts";
import { notedFields } from "../request-field.ts";
import { present } from "../schema.ts";
import { answerRequests } from "./answer-requests.ts";
import { CompletionBody } from "./completion-schema.ts";
import { decodeFormat } from "./format-decode.ts";
import { refuse, refuseCommon, refuseValue, samplingOf, stopOf } from "./sampling-schema.ts";

/** OpenAI's default for this endpoint alone; its clients rely on short answers. */
const TOKENS_MAX_DEFAULT = 16;
/** Most choices of one reply: they are made one after another, and the client waits for all. */
const CHOICES_MAX = 128;

/** A decoded request and what only the encoder needs. */
export interface DecodedCompletion {
  /** One for each choice: choice `p * n + k` is the kth answer to the pth prompt. */
  readonly requests: AtLeastOne<GenerationRequest>;
  readonly answersPerPrompt: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly ignored: readonly string[];
  /** Texts that go in front of the answers, by choice; "" unless `echo` was asked for. */
  readonly echoes: readonly string[];
}

type PromptItem = Exclude<CompletionBody["prompt"], string>[number];

function tokensInput(ids: readonly number[], field: string): GenerationInput {
  return ids.length > 0 ? { kind: "tokens", ids } : refuseValue(field, "must hold at least one token id.");
}

/** The prompt is all that the model reads: editors spell the tokens of their infill in it, and programs those of a template. */
function textInput(prompt: string): GenerationInput {
  return { kind: "completion", prompt, markup: true };
}

function itemInput(item: PromptItem, index: number): GenerationInput {
  if (typeof item === "string") return textInput(item);
  if (typeof item !== "number") return tokensInput(item, `prompt[${index}]`);
  return refuseValue(`prompt[${index}]`, "is a token id beside other prompts. Put the ids of a prompt into a list of their own.");
}

/** The prompts of a request; with a suffix each is the text before the one to be found. */
function inputsOf(body: CompletionBody): AtLeastOne<GenerationInput> {
  const [first, ...others] = promptsOf(body.prompt);
  const suffix = body.suffix ?? "";
  if (suffix === "") return [first, ...others];
  const between = (input: GenerationInput): GenerationInput => {
    if (input.kind !== "completion") return refuse("suffix", "the prompt in front of it must be a text.");
    return { kind: "infill", prefix: input.prompt, suffix };
  };
  return [between(first), ...others.map(between)];
}

/** The prompts in any of their spellings. */
function promptsOf(prompt: CompletionBody["prompt"]): AtLeastOne<GenerationInput> {
  if (typeof prompt === "string") return [textInput(prompt)];
  const ids = prompt.filter((item) => typeof item === "number");
  const [first, ...others] = prompt;
  if (first === undefined || ids.length === prompt.length) return [tokensInput(ids, "prompt")];
  return [itemInput(first, 0), ...others.map((item, index) => itemInput(item, index + 1))];
}

function refuseUnsupported(body: CompletionBody): void {
  refuseCommon(body);
  if ((body.logprobs ?? null) !== null) refuse("logprobs", "the runtime does not tell probabilities. Leave it out.");
  if ((body.best_of ?? 1) > 1) refuse("best_of", "answers are not ranked. Leave it out, or ask for several with n.");
  if ((body.grammar ?? "") !== "") refuse("grammar", "answers cannot be held to a grammar. Leave it out.");
}

/** Pure. Throws AppError invalid_request or unsupported_parameter, naming the field. */
export function decodeCompletion(id: string, body: CompletionBody): DecodedCompletion {
  refuseUnsupported(body);
  const [first, ...others] = inputsOf(body);
  const answersPerPrompt = body.n ?? 1;
  const choices = (1 + others.length) * answersPerPrompt;
  if (choices > CHOICES_MAX) refuseValue("prompt", `asks for ${choices} answers with n; at most ${CHOICES_MAX} are made for a request.`);
  const tokens = body.max_tokens ?? body.n_predict ?? TOKENS_MAX_DEFAULT;
  const requestFor = (input: GenerationInput): GenerationRequest =>
    present<GenerationRequest>({
      id,
      model: body.model ?? "",
      input,
      // Nothing tells thoughts from the text that the client wants, all of it.
      reasoning: { mode: "off" },
      sampling: samplingOf(body),
      tokensMax: tokens < 0 ? undefined : tokens,
      stop: stopOf(body),
      responseFormat: decodeFormat(body),
    });
  const requests = answerRequests([requestFor(first), ...others.map(requestFor)], answersPerPrompt);
  const echoOf = ({ input }: GenerationRequest): string => {
    if (body.echo !== true) return "";
    if (input.kind === "infill") return input.prefix;
    return input.kind === "completion" ? input.prompt : refuse("echo", "only a text prompt can be repeated. Send the prompt as a text.");
  };
  return {
    requests,
    answersPerPrompt,
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    ignored: notedFields(CompletionBody, body),
    echoes: requests.map(echoOf),
  };
}
