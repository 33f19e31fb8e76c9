/**
 * A model's own chat template (Jinja, as Hugging Face models carry it), from conversation to prompt.
 *
 * The template is code from a model file: it runs only in an engine host. What it writes is cut into control tokens and plain text,
 * and a control token is always the template's: see client-text-guard.ts.
 */
import { Interpreter, parse, tokenize } from "@huggingface/jinja";
import { AppError, assert } from "../core/errors.ts";
import type { ReasoningChoice } from "../core/generation.ts";
import type { PromptSegment, Vocabulary } from "../core/prompt.ts";
import { type ClientTextGuard, createClientTextGuard } from "./client-text-guard.ts";
import { ControlText, type TemplateWords } from "./control-text.ts";
import { createTemplateEnvironment, hasOwnDate, TemplateRefusal } from "./template-environment.ts";
import { type MessageShape, templateMessages, templateTools, type TemplateTraits } from "./template-messages.ts";
import { findTemplateTraits } from "./template-traits.ts";
import { isComplete, standIn } from "./completeness.ts";
import { type Conversation, tolerantForms } from "./tolerant-messages.ts";

/** What a template turns into a prompt. */
export interface ChatTemplateInput extends Conversation {
  readonly reasoning: ReasoningChoice;
}

/** A parsed chat template. */
export interface ChatTemplate {
  readonly source: string;
  /**
   * The prompt for the assistant's next turn; equal input gives equal bytes. Neighbouring plain segments are merged, none is empty.
   * A conversation that the template refuses, or of which it leaves out instructions, functions, calls or results, is tried again in more tolerant forms.
   * Throws AppError invalid_request with the template's own message when it refuses all of them.
   */
  render(input: ChatTemplateInput, vocabulary: Vocabulary): PromptSegment[];
}

type Program = ReturnType<typeof parse>;

/** A template and what is known of it. */
interface Compiled {
  readonly program: Program;
  readonly source: string;
  readonly look: TemplateWords;
  readonly traits: TemplateTraits;
  /** Today, or null for a template that does without. */
  today(): Date | null;
}

/** What stays the same through all forms of one conversation. */
interface Rendering {
  readonly template: Compiled;
  readonly reasoning: ReasoningChoice;
  readonly protect: (text: string) => string;
  readonly vocabulary: Vocabulary;
}

/** Building the index takes longer than a rendering, and a host has one vocabulary. */
const controlTexts = new WeakMap<Vocabulary, ControlText>();

/**
 * Parses a chat template. Throws AppError model_file_invalid, naming the fault, when it does not parse.
 * @param options.now The clock for templates that ask for the date.
 */
export function compileChatTemplate(source: string, options: { now?: () => Date } = {}): ChatTemplate {
  const { program, look } = parseTemplate(source);
  const now = options.now ?? (() => new Date());
  const today = hasOwnDate(source) ? () => null : now;
  const traits = findTemplateTraits((messages, tools) => runTemplate(program, { messages, tools, bos_token: "", eos_token: "" }, today()));
  const compiled: Compiled = { program, source, look, traits, today };
  return { source, render: (input, vocabulary) => renderTolerantly(compiled, input, vocabulary) };
}

/** Whether a template parses; none of it is run, which may take for ever. Throws AppError model_file_invalid, naming the fault. */
export function checkChatTemplate(source: string): void {
  parseTemplate(source);
}

/** Looking for tags, the parser takes the square of the time for blanks in a row: minutes for what a client may send. */
const BLANKS_MAX = 200;
const MANY_BLANKS = new RegExp(`\\s{${BLANKS_MAX + 1}}`);

function parseTemplate(source: string): { program: Program; look: TemplateWords } {
  try {
    if (MANY_BLANKS.test(source)) throw new SyntaxError(`more than ${BLANKS_MAX} blanks stand in a row`);
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
  // Parsing arguments may bring to light what JSON escapes hide, so the guard is chosen with the parsed ones in view too.
  const parsed = templateMessages(input.messages, { ...template.traits, argumentsAsText: false, protect: (text) => text });
  const guard = createClientTextGuard([template.source, input, parsed], control, template.look);
  const rendering: Rendering = { template, reasoning: input.reasoning, protect: guard.protect, vocabulary };
  const trial: Rendering = { ...rendering, protect: (text) => text };
  let refusal: unknown;
  let incomplete: string | null = null;
  for (const form of tolerantForms(input)) {
    try {
      const stand = standIn(form);
      const complete = isComplete(renderForm(trial, stand.conversation), stand.marks);
      if (!complete && incomplete !== null) continue;
      const text = renderForm(rendering, form);
      if (complete) return segmentsOf(text, control, guard);
      incomplete = text;
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown;
      refusal ??= thrown;
    }
  }
  if (incomplete !== null) return segmentsOf(incomplete, control, guard);
  const verb = refusal instanceof TemplateRefusal ? "refuses" : "fails on";
  throw new AppError("invalid_request", `The model's chat template ${verb} this conversation: ${faultOf(refusal)}`, { cause: refusal });
}

function renderForm({ template, reasoning, protect, vocabulary }: Rendering, { messages, tools }: Conversation): string {
  const shape: MessageShape = { ...template.traits, protect };
  const thinking = reasoning.mode === "auto" ? undefined : reasoning.mode === "on";
  return runTemplate(
    template.program,
    {
      messages: templateMessages(messages, shape),
      tools: templateTools(tools, shape),
      bos_token: vocabulary.bosToken ?? "",
      eos_token: vocabulary.eosToken ?? "",
      // One switch under the names that families know it by: Qwen3's, then DeepSeek V3.1's and Granite's, then gpt-oss's.
      enable_thinking: thinking,
      thinking,
      reasoning_effort: reasoning.level === undefined ? undefined : protect(reasoning.level),
    },
    template.today(),
  );
}

function runTemplate(program: Program, variables: Readonly<Record<string, unknown>>, today: Date | null): string {
  const { value } = new Interpreter(createTemplateEnvironment({ ...variables, add_generation_prompt: true }, today)).run(program);
  assert(typeof value === "string", "a template renders to a string");
  return value;
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
