/** Messages of a request in canonical form. A turn here may hold what are several turns there: results of calls come before what the user says. */
import type { ChatMessage, ToolCall } from "../../core/generation.ts";
import { jsonText } from "../json-text.ts";
import { present } from "../schema.ts";
import { blockText, isDropped, refuseMissing, refuseValue, textOf } from "./blocks.ts";
import type { BlockParam, MessageParam, MessagesBody } from "./schema.ts";

/** Joins blocks of a system prompt, and neighbouring turns of one role. */
const PARAGRAPH = "\n\n";

/** A block that one client puts in front of its system prompt. It differs from request to request, and no prompt would be found in the cache. */
const BILLING_HEADER = "x-anthropic-billing-header:";

/** Who may say what stands only in turns of one role. */
const SPEAKERS: Readonly<Record<string, MessageParam["role"]>> = { tool_use: "assistant", thinking: "assistant", tool_result: "user" };

/** The system prompt; "" for none. Throws AppError, naming the field. */
function systemText(system: MessagesBody["system"]): string {
  if (typeof system === "string") return system;
  return (system ?? [])
    .map((block, index) => blockText(block, `system[${index}]`))
    .filter((text) => text !== "" && !text.startsWith(BILLING_HEADER))
    .join(PARAGRAPH);
}

/** Arguments are an object; a text is taken for what the model wrote. */
function argumentsText(input: unknown, field: string): string {
  return typeof input === "string" ? input : jsonText(input ?? {}, field);
}

/** A result as the model reads it. That it is an error is said in words: templates have no place for the flag. */
function resultText(block: BlockParam, field: string): string {
  const text = textOf(block.content, `${field}.content`);
  if (block.is_error !== true || /^error/i.test(text)) return text;
  return text === "" ? "Error" : `Error: ${text}`;
}

/** What the blocks of one message say, sorted. */
interface Turn {
  readonly texts: string[];
  readonly thoughts: string[];
  readonly calls: ToolCall[];
  readonly results: ChatMessage[];
}

function addBlock(turn: Turn, block: BlockParam, role: MessageParam["role"], field: string): void {
  const speaker = SPEAKERS[block.type];
  if (speaker !== undefined && speaker !== role) {
    refuseValue(`${field}.type`, `a kind of block that the role "${role}" may send, not "${block.type}"`);
  }
  if (block.type === "tool_use") {
    const name = block.name ?? refuseMissing(`${field}.name`, "a string");
    turn.calls.push({
      id: block.id ?? refuseMissing(`${field}.id`, "a string"),
      name,
      arguments: argumentsText(block.input, `${field}.input`),
    });
  } else if (block.type === "tool_result") {
    const toolCallId = block.tool_use_id ?? refuseMissing(`${field}.tool_use_id`, "a string");
    turn.results.push({ role: "tool", content: resultText(block, field), toolCallId });
  } else if (block.type === "thinking") {
    turn.thoughts.push(block.thinking ?? "");
  } else if (!isDropped(block.type)) {
    turn.texts.push(blockText(block, field));
  }
}

/** One message, the `index`th of the request, as the turns it stands for. */
function turnsOf(message: MessageParam, index: number): ChatMessage[] {
  const { role, content } = message;
  if (typeof content === "string") return [{ role, content }];
  const turn: Turn = { texts: [], thoughts: [], calls: [], results: [] };
  for (const [position, block] of content.entries()) addBlock(turn, block, role, `messages[${index}].content[${position}]`);
  // An answer is cut into blocks anywhere, even within a word; what people send is cut between paragraphs.
  const text = turn.texts.join(role === "assistant" ? "" : "\n");
  if (turn.results.length > 0 && text === "") return turn.results;
  const reasoning = turn.thoughts.filter((thought) => thought !== "").join("\n");
  const spoken = present<ChatMessage>({
    role,
    content: text,
    reasoning: reasoning === "" ? undefined : reasoning,
    toolCalls: turn.calls.length === 0 ? undefined : turn.calls,
  });
  return [...turn.results, spoken];
}

function joined(first: string | undefined, second: string | undefined, between: string): string {
  return [first ?? "", second ?? ""].filter((text) => text !== "").join(between);
}

/** Two turns of one role as one. */
function merged(first: ChatMessage, second: ChatMessage): ChatMessage {
  const reasoning = joined(first.reasoning, second.reasoning, "\n");
  const toolCalls = [...(first.toolCalls ?? []), ...(second.toolCalls ?? [])];
  return present<ChatMessage>({
    role: first.role,
    content: joined(first.content, second.content, PARAGRAPH),
    reasoning: reasoning === "" ? undefined : reasoning,
    toolCalls: toolCalls.length === 0 ? undefined : toolCalls,
  });
}

/** The conversation in canonical form. Neighbouring turns of the user or of the assistant are one turn, as this API has it. Throws AppError. */
export function chatMessages(system: MessagesBody["system"], messages: readonly MessageParam[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  const instructions = systemText(system);
  if (instructions !== "") turns.push({ role: "system", content: instructions });
  for (const turn of messages.flatMap(turnsOf)) {
    const last = turns.at(-1);
    const continues = last?.role === turn.role && (turn.role === "user" || turn.role === "assistant");
    if (continues) turns[turns.length - 1] = merged(last, turn);
    else turns.push(turn);
  }
  return turns;
}
