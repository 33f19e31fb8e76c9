/** Finds out how a template wants to be spoken to, by trying it on small conversations: its text alone does not tell. */
import type { ChatMessage, ToolDefinition } from "../core/generation.ts";
import { type MessageShape, templateMessages, templateTools, type TemplateTraits } from "./template-messages.ts";

/** Renders shaped messages and tools; throws what the template throws. */
export type TrialRun = (messages: readonly Record<string, unknown>[], tools: unknown) => string;

/** Words that no template writes by itself. */
const SAID = "qzsaid";
const CALLED = "qzcalled";
const PASSED = "qzpassed";
const OFFERED = "qzoffered";

/** As long as the ids that this server gives to calls. */
const ID = "call_0123456789abcdef01234567";

const QUESTION: ChatMessage = { role: "user", content: SAID };
const CALL: readonly ChatMessage[] = [
  QUESTION,
  { role: "assistant", content: "", toolCalls: [{ id: ID, name: CALLED, arguments: `{"a":"${PASSED}"}` }] },
  { role: "tool", content: "b", toolCallId: ID },
];
const TOOLS: readonly ToolDefinition[] = [
  {
    name: OFFERED,
    description: "a",
    parameters: { type: "object", properties: { a: { type: "string", description: "b" } }, required: ["a"] },
  },
];

const PLAIN_SHAPE: MessageShape = {
  contentAsParts: false,
  noneForNoContent: false,
  argumentsAsText: false,
  toolsAsText: false,
  listForNoTools: false,
  shortIds: false,
  protect: (text) => text,
};

/** A trait is set when the conversation it concerns comes out with it and does not without. */
export function findTemplateTraits(run: TrialRun): TemplateTraits {
  const writes = (
    shape: MessageShape,
    messages: readonly ChatMessage[],
    tools: readonly ToolDefinition[],
    words: readonly string[],
  ): boolean => {
    try {
      const text = run(templateMessages(messages, shape), templateTools(tools, shape));
      return words.every((word) => text.includes(word));
    } catch {
      return false;
    }
  };
  const firstToWrite = (
    shapes: readonly MessageShape[],
    messages: readonly ChatMessage[],
    tools: readonly ToolDefinition[],
    words: string[],
  ): MessageShape => shapes.find((shape) => writes(shape, messages, tools, words)) ?? shapes[0] ?? PLAIN_SHAPE;

  const noTools = [PLAIN_SHAPE, { ...PLAIN_SHAPE, listForNoTools: true }];
  const asked = firstToWrite([...noTools, ...noTools.map((shape) => ({ ...shape, contentAsParts: true }))], [QUESTION], [], [SAID]);
  const offered = firstToWrite([asked, { ...asked, toolsAsText: true }], [QUESTION], TOOLS, [OFFERED]);
  const none = { ...offered, noneForNoContent: true };
  const calls = [offered, none, { ...offered, argumentsAsText: true }, { ...none, argumentsAsText: true }];
  return firstToWrite([...calls, ...calls.map((shape) => ({ ...shape, shortIds: true }))], CALL, [], [CALLED, PASSED]);
}
