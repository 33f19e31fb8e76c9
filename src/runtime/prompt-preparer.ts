/**
 * From what a client wants continued to what the model reads: chat template, then token ids. It lives on the host's main thread, which
 * is idle while the Worker runs: a big vocabulary or a slow template stalls no other model's clients, and goes when the model goes.
 */
import { builtinTemplateFor } from "../chat/builtin-templates.ts";
import { ControlText } from "../chat/control-text.ts";
import { infillPrompt } from "../chat/infill.ts";
import { findOutputFormat } from "../chat/output-format.ts";
import { type ChatTemplate, compileChatTemplate } from "../chat/template.ts";
import { KNOWN_CONTROL_TOKENS, renderText, stripControlText } from "../chat/text-prompt.ts";
import { AppError } from "../core/errors.ts";
import type { ChatInput, GenerationInput } from "../core/generation.ts";
import type { PromptSegment, Tokenizer, Vocabulary } from "../core/prompt.ts";
import type { Inspected, Inspection, OutputFormat, PromptRequest } from "../core/runtime.ts";
import { loadTokenizer } from "../tokenizer/load.ts";
import { behindPrompt, openingText } from "./answer-opening.ts";
import { inspectText, piecesOf, textOfIds, withTextEnd } from "./inspect-tokens.ts";
import { refuseNul } from "./native/struct-writer.ts";
import type { PromptPayload } from "./packed-prompt.ts";
import type { HostModel } from "./protocol.ts";

/** A prompt that is ready to run. */
export interface Prepared {
  readonly payload: PromptPayload;
  readonly promptTokens: number;
  /** Of text only the library can count the tokens: `promptTokens` is an upper estimate. */
  readonly estimated?: true;
  readonly format: OutputFormat;
  readonly opening: string;
}

/** Prepares prompts for one model. */
export interface PromptPreparer {
  /**
   * Throws AppError invalid_request for what the template refuses, an empty prompt, or an id outside the vocabulary, and
   * context_length_exceeded for a text so long that it need not be tokenized to know.
   */
  prepare(request: PromptRequest): Prepared;
  /** The vocabulary; null where only the library has one. */
  readonly tokenizer: Tokenizer | null;
  /** Answers from vocabulary and template alone. Throws AppError invalid_request for what they refuse, or where there is no tokenizer. */
  inspect(question: Inspection): Inspected;
}

/**
 * Loads the model's vocabulary and templates. Throws AppError model_file_invalid.
 * @param contextTokens length of the model's context
 */
export async function createPromptPreparer(model: HostModel, contextTokens: number): Promise<PromptPreparer> {
  const tokenizer = await loadTokenizer(model);
  const vocabulary = tokenizer ?? { controlTokens: KNOWN_CONTROL_TOKENS, bosToken: null, eosToken: null };
  const templateOf = chooseTemplates(model, vocabulary);
  return tokenizer === null ? textPreparer(templateOf, vocabulary) : tokenPreparer(templateOf, tokenizer, contextTokens);
}

/** The model's own templates where it brings some, a template of its family otherwise. */
function chooseTemplates(model: HostModel, vocabulary: Vocabulary): (input: ChatInput) => ChatTemplate {
  const own = model.chatTemplate;
  const plain = own === null ? builtinTemplateFor(model.family, vocabulary) : compileChatTemplate(own.text);
  const withTools = own?.toolUseText ? compileChatTemplate(own.toolUseText) : plain;
  return (input) => (input.tools.length > 0 ? withTools : plain);
}

function tokenPreparer(templateOf: (input: ChatInput) => ChatTemplate, tokenizer: Tokenizer, contextTokens: number): PromptPreparer {
  const control = new ControlText(tokenizer.controlTokens);
  const refuseEndless = endlessTextGuard(tokenizer, contextTokens);
  const encode = (segments: readonly PromptSegment[]): Int32Array => {
    refuseEndless(segments.reduce((total, segment) => total + Buffer.byteLength(segment.text), 0));
    return tokenizer.encode(segments);
  };
  const prepared = (ids: Int32Array, rest: Pick<Prepared, "format" | "opening">): Prepared => {
    if (ids.length === 0) throw emptyPrompt();
    return { payload: { kind: "tokens", ids }, promptTokens: ids.length, ...rest };
  };
  const render = ({ input, reasoning, opening: wanted }: PromptRequest & { input: ChatInput }): Rendered => {
    // Rendering takes longer than tokenizing, several times over.
    refuseEndless(bytesOf(input));
    const template = templateOf(input);
    const segments = template.render({ messages: input.messages, tools: input.tools, reasoning }, tokenizer);
    const format = findOutputFormat(template.source, textOf(segments));
    const { pieces, ...rest } = behindPrompt(wanted, format);
    return {
      segments: joined([...segments, ...pieces.flatMap(({ text, ours }) => (ours ? control.split(text) : [plain(text)]))]),
      ...rest,
    };
  };
  const idsOf = (request: PromptRequest, segments: readonly PromptSegment[]): Int32Array => {
    const { input, endOfText } = request;
    if (input.kind === "tokens") return checkedIds(input.ids, tokenizer);
    const ids = encode(segments);
    return endOfText === true ? withTextEnd(ids, tokenizer) : ids;
  };
  const rendered = (request: PromptRequest): Rendered => {
    const { input } = request;
    if (input.kind === "chat") return render({ ...request, input });
    if (input.kind === "tokens") return { segments: [], ...UNMARKED };
    if (input.kind === "infill") return { segments: infill(input, tokenizer), ...UNMARKED };
    const opening = openingText(request.opening, UNMARKED.format);
    const segments = input.markup === true ? control.split(input.prompt) : [plain(input.prompt)];
    return { segments: joined([...segments, plain(opening)]), format: formatOfText(request, templateOf, opening), opening };
  };
  const ofIds = (given: readonly number[]) => {
    const ids = checkedIds(given, tokenizer);
    return { ids, text: textOfIds(ids, tokenizer) };
  };
  const ofPrompt = (request: PromptRequest) => {
    const { segments } = rendered(request);
    return { ids: idsOf(request, segments), text: textOf(segments) };
  };
  return {
    tokenizer,
    prepare(request) {
      const { segments, ...rest } = rendered(request);
      return prepared(idsOf(request, segments), rest);
    },
    inspect(question) {
      if (question.kind === "text") return inspectText(question, tokenizer, control);
      const { ids, text } = question.kind === "ids" ? ofIds(question.ids) : ofPrompt(question.prompt);
      return { text, ids: [...ids], pieces: question.pieces ? piecesOf(ids, tokenizer) : [] };
    },
  };
}

/** A prompt before it is tokenized. */
interface Rendered extends Pick<Prepared, "format" | "opening"> {
  readonly segments: readonly PromptSegment[];
}

/** Answers to a prompt without a template: all of it is text. */
const UNMARKED: Pick<Prepared, "format" | "opening"> = { format: findOutputFormat("", ""), opening: "" };

const NO_TURNS: ChatInput = { kind: "chat", messages: [], tools: [] };

/**
 * How an answer to text without our template is read. Who brings a template of their own is shown the model's thoughts apart, as in any
 * answer, unless they were told that it is not to think.
 */
function formatOfText({ input, reasoning }: PromptRequest, templateOf: (input: ChatInput) => ChatTemplate, opening: string): OutputFormat {
  if (input.kind !== "completion" || input.markup !== true || reasoning.mode === "off" || opening !== "") return UNMARKED.format;
  return { ...UNMARKED.format, reasoning: findOutputFormat(templateOf(NO_TURNS).source, input.prompt).reasoning };
}

function infill({ prefix, suffix }: Extract<GenerationInput, { kind: "infill" }>, vocabulary: Vocabulary): PromptSegment[] {
  const segments = infillPrompt(vocabulary.controlTokens, prefix, suffix);
  if (segments === null) throw cannotInfill();
  return segments;
}

function cannotInfill(): AppError {
  return new AppError(
    "unsupported_parameter",
    'This model cannot fill in the middle of a text: its vocabulary has no tokens for it. Leave out "suffix".',
    {
      details: { field: "suffix" },
    },
  );
}

function plain(text: string): PromptSegment {
  return { kind: "plain", text };
}

function textOf(segments: readonly PromptSegment[]): string {
  return segments.map((segment) => segment.text).join("");
}

/** Neighbouring plain segments as one: a token may reach over the border between them. */
function joined(segments: readonly PromptSegment[]): PromptSegment[] {
  const merged: PromptSegment[] = [];
  for (const segment of segments) {
    const last = merged.at(-1);
    if (last?.kind === "plain" && segment.kind === "plain") merged[merged.length - 1] = plain(last.text + segment.text);
    else if (segment.text !== "") merged.push(segment);
  }
  return merged;
}

/**
 * A text of many megabytes takes so long to tokenize that the host would not answer its pings and be ended, and with it the run of
 * somebody else. No token is longer than the vocabulary's longest: that bounds from below how many a text has.
 */
function endlessTextGuard(tokenizer: Tokenizer, contextTokens: number): (bytes: number) => void {
  let longestTokenBytes: number | null = null;
  return (bytes) => {
    if (bytes <= contextTokens) return;
    longestTokenBytes ??= longestToken(tokenizer);
    const promptTokens = Math.ceil(bytes / longestTokenBytes);
    if (promptTokens <= contextTokens) return;
    throw new AppError(
      "context_length_exceeded",
      `The prompt has ${bytes} bytes, at least ${promptTokens} tokens, but the model's context holds ${contextTokens}`,
      { details: { promptTokens, promptTokensAtLeast: true, contextTokens } },
    );
  };
}

/** What every template shows of a conversation. Thoughts of earlier turns are left out by many. */
function bytesOf({ messages, tools }: ChatInput): number {
  const texts = [
    ...messages.flatMap(({ content, toolCalls }) => [content, ...(toolCalls ?? []).map((call) => call.arguments)]),
    ...tools.flatMap(({ description, parameters }) => [description ?? "", JSON.stringify(parameters ?? {})]),
  ];
  return texts.reduce((total, text) => total + Buffer.byteLength(text), 0);
}

function longestToken(tokenizer: Tokenizer): number {
  let longest = 1;
  for (let id = 0; id < tokenizer.vocabSize; id++) longest = Math.max(longest, tokenizer.tokenBytes(id).length);
  return longest;
}

function checkedIds(ids: readonly number[], tokenizer: Tokenizer): Int32Array {
  const strange = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= tokenizer.vocabSize);
  if (strange !== undefined) {
    throw new AppError(
      "invalid_request",
      `The prompt has the token id ${strange}, but the model's ids go from 0 to ${tokenizer.vocabSize - 1}`,
    );
  }
  return Int32Array.from(ids);
}

/** Without a tokenizer the library makes the ids, and would take control tokens spelled in client text for real ones: they are taken out. */
function textPreparer(templateOf: (input: ChatInput) => ChatTemplate, vocabulary: Vocabulary): PromptPreparer {
  const prepared = (text: string, rest: Pick<Prepared, "format" | "opening">): Prepared & { payload: { kind: "text" } } => {
    if (text === "") throw emptyPrompt();
    // It is packed only when this has been answered.
    refuseNul(text);
    return { payload: { kind: "text", text }, promptTokens: estimateTokens(text), estimated: true, ...rest };
  };
  const prepare = ({ input, reasoning, opening: wanted }: PromptRequest): Prepared & { payload: { kind: "text" } } => {
    if (input.kind === "completion") {
      const opening = openingText(wanted, UNMARKED.format);
      const given = input.markup === true ? input.prompt : stripControlText(input.prompt);
      const format = formatOfText({ input, reasoning }, templateOf, opening);
      return prepared(given + stripControlText(opening), { format, opening });
    }
    if (input.kind === "infill") throw cannotInfill();
    if (input.kind === "tokens") {
      throw new AppError("invalid_request", "This model takes no token ids: it came without a tokenizer. Send the prompt as text.");
    }
    const template = templateOf(input);
    const text = renderText(template, { messages: input.messages, tools: input.tools, reasoning }, vocabulary);
    const format = findOutputFormat(template.source, text);
    const { pieces, ...rest } = behindPrompt(wanted, format);
    return prepared(text + pieces.map((piece) => (piece.ours ? piece.text : stripControlText(piece.text))).join(""), rest);
  };
  return {
    tokenizer: null,
    prepare,
    inspect(question) {
      if (question.kind === "prompt") return { text: prepare(question.prompt).payload.text, ids: null, pieces: [] };
      throw new AppError("invalid_request", "This model came without a tokenizer: its text and token ids cannot be told here.");
    },
  };
}

/** No usual vocabulary makes more tokens than bytes; for running text a third of the bytes is already on the safe side. */
function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3) + 8;
}

function emptyPrompt(): AppError {
  return new AppError("invalid_request", "The prompt is empty. Send at least one character.");
}
