/**
 * A model's own chat template (Jinja, as Hugging Face models carry it), from conversation to prompt.
 *
 * The template is code from a model file: it runs only in an engine host. What it writes is cut into control tokens and plain text,
 * and a control token is always the template's: see client-text-guard.ts.
 */
import { Interpreter, parse, tokenize } from "@huggingface/jinja";
import { AppError, assert } from "../core/errors.ts";
import type { ChatMessage, ReasoningChoice, ToolDefinition } from "../core/generation.ts";
import type { PromptSegment, Vocabulary } from "../core/prompt.ts";
import { type ClientTextGuard, createClientTextGuard } from "./client-text-guard.ts";
import { ControlText, type TemplateWords } from "./control-text.ts";
import { createTemplateEnvironment, hasOwnDate, TemplateRefusal } from "./template-environment.ts";
import { type MessageShape, templateMessages, templateTools } from "./template-messages.ts";
import { tolerantForms } from "./tolerant-messages.ts";

/** What a template turns into a prompt. */
export interface ChatTemplateInput {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly reasoning: ReasoningChoice;
}

/** A parsed chat template. */
export interface ChatTemplate {
  /**
   * The prompt for the assistant's next turn; equal input gives equal bytes. Neighbouring plain segments are merged, none is empty.
   * A conversation that the template refuses, or of which it leaves instructions or tool turns out, is tried again in more tolerant forms.
   * Throws AppError invalid_request with the template's own message when it refuses all of them.
   */
  render(input: ChatTemplateInput, vocabulary: Vocabulary): PromptSegment[];
}

type Program = ReturnType<typeof parse>;

/** A template and what is known of it from its text. */
interface Compiled {
  readonly program: Program;
  readonly source: string;
  readonly look: TemplateWords;
  readonly shape: Omit<MessageShape, "protect">;
  /** Today, or null for a template that does without. */
  today(): Date | null;
}

/** The shape whose strings are looked through for a free guard character; parsing arguments may bring to light what JSON escapes hide. */
const UNGUARDED: MessageShape = { protect: (text) => text, noneForNoContent: false, argumentsAsText: false };

/** Building the index takes longer than a rendering, and a host has one vocabulary. */
const controlTexts = new WeakMap<Vocabulary, ControlText>();

/**
 * Parses a chat template. Throws AppError model_file_invalid, naming the fault, when it does not parse.
 * @param options.now The clock for templates that ask for the date.
 */
export function compileChatTemplate(source: string, options: { now?: () => Date } = {}): ChatTemplate {
  const now = options.now ?? (() => new Date());
  const parsed = parseTemplate(source);
  const noneForNoContent = /(?<![A-Za-z_])content(?:['"]\])?\s+is\s+(?:not\s+)?none/.test(source);
  const compiled: Compiled = {
    ...parsed,
    source,
    shape: { noneForNoContent, argumentsAsText: joinsArguments(parsed.program, noneForNoContent) },
    today: hasOwnDate(source) ? () => null : now,
  };
  return { render: (input, vocabulary) => renderTolerantly(compiled, input, vocabulary) };
}

/** Tries the template on a call: joined to text, an object shows as the interpreter's own name for it. */
function joinsArguments(program: Program, noneForNoContent: boolean): boolean {
  const messages: ChatMessage[] = [
    { role: "user", content: "a" },
    { role: "assistant", content: "", toolCalls: [{ id: "call00000", name: "f", arguments: '{"a":1}' }] },
    { role: "tool", content: "b", toolCallId: "call00000" },
  ];
  const shape: MessageShape = { protect: (text) => text, noneForNoContent, argumentsAsText: false };
  try {
    return runTemplate(
      program,
      { messages: templateMessages(messages, shape), tools: null, bos_token: "", eos_token: "" },
      new Date(0),
    ).includes("[object ");
  } catch {
    return false; // It refuses calls or more than a user's turn; either way its arguments do not matter.
  }
}

function parseTemplate(source: string): { program: Program; look: TemplateWords } {
  try {
    const tokens = tokenize(source, { lstrip_blocks: true, trim_blocks: true });
    const literals = new Set(tokens.filter((token) => token.type === "StringLiteral").map((token) => token.value));
    const names = tokens.filter((token) => token.type === "Identifier").map((token) => token.value);
    return {
      program: parse(tokens),
      look: { literals: [...literals].filter((literal) => literal.length > 1), words: new Set([...literals, ...names]) },
    };
  } catch (thrown) {
    throw new AppError(
      "model_file_invalid",
      `The model's chat template does not parse: ${faultOf(thrown)}. Replace the template beside the model.`,
      {
        cause: thrown,
      },
    );
  }
}

function renderTolerantly(template: Compiled, input: ChatTemplateInput, vocabulary: Vocabulary): PromptSegment[] {
  const control = controlTextOf(vocabulary);
  const guard = createClientTextGuard([template.source, input, templateMessages(input.messages, UNGUARDED)], control, template.look);
  let refusal: unknown;
  let incomplete: string | null = null;
  for (const messages of tolerantForms(input.messages)) {
    try {
      const text = renderText({ template, input, messages, guard, vocabulary });
      if (isComplete(text, messages, guard)) return segmentsOf(text, control, guard);
      incomplete ??= text;
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown;
      refusal ??= thrown;
    }
  }
  if (incomplete !== null) return segmentsOf(incomplete, control, guard);
  const verb = refusal instanceof TemplateRefusal ? "refuses" : "fails on";
  throw new AppError("invalid_request", `The model's chat template ${verb} this conversation: ${faultOf(refusal)}`, { cause: refusal });
}

interface Rendering {
  readonly template: Compiled;
  readonly input: ChatTemplateInput;
  readonly messages: readonly ChatMessage[];
  readonly guard: ClientTextGuard;
  readonly vocabulary: Vocabulary;
}

function renderText({ template, input, messages, guard, vocabulary }: Rendering): string {
  const { mode, level } = input.reasoning;
  const thinking = mode === "auto" ? undefined : mode === "on";
  return runTemplate(
    template.program,
    {
      messages: templateMessages(messages, { ...template.shape, protect: guard.protect }),
      tools: templateTools(input.tools, guard.protect),
      add_generation_prompt: true,
      bos_token: vocabulary.bosToken ?? "",
      eos_token: vocabulary.eosToken ?? "",
      // One switch under the names that families know it by: Qwen3's, then DeepSeek V3.1's and Granite's, then gpt-oss's.
      enable_thinking: thinking,
      thinking,
      reasoning_effort: level === undefined ? undefined : guard.protect(level),
    },
    template.today(),
  );
}

function runTemplate(program: Program, variables: Readonly<Record<string, unknown>>, today: Date | null): string {
  const { value } = new Interpreter(createTemplateEnvironment(variables, today)).run(program);
  assert(typeof value === "string", "a template renders to a string");
  return value;
}

/**
 * Whether instructions and tool turns came through: a template that does not know a role may drop its text without a word.
 * Whitespace aside, since templates trim; tool results may stand there as JSON.
 */
function isComplete(text: string, messages: readonly ChatMessage[], guard: ClientTextGuard): boolean {
  if (messages.every((message) => message.role === "user" || (message.role === "assistant" && message.toolCalls === undefined)))
    return true;
  const squeezed = withoutSpace(text);
  const holds = (part: string): boolean => {
    const guarded = guard.protect(part);
    return squeezed.includes(withoutSpace(guarded)) || squeezed.includes(withoutSpace(JSON.stringify(guarded).slice(1, -1)));
  };
  return messages.every((message) => {
    if (message.role === "system" || message.role === "tool") return holds(message.content);
    return (message.toolCalls ?? []).every((call) => holds(call.name));
  });
}

function withoutSpace(text: string): string {
  return text.replace(/\s+/g, "");
}

function segmentsOf(text: string, control: ControlText, guard: ClientTextGuard): PromptSegment[] {
  return control
    .split(text)
    .map((segment): PromptSegment => (segment.kind === "control" ? segment : { kind: "plain", text: guard.remove(segment.text) }))
    .filter((segment) => segment.text !== "");
}

function controlTextOf(vocabulary: Vocabulary): ControlText {
  let control = controlTexts.get(vocabulary);
  if (control === undefined) {
    control = new ControlText(vocabulary.controlTokens);
    controlTexts.set(vocabulary, control);
  }
  return control;
}

function faultOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
