/** Client text never becomes a control token, whatever it spells and whatever a template does with it. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ControlText, NO_TEMPLATE_WORDS } from "../../../src/chat/control-text.ts";
import { type ChatTemplateInput, compileChatTemplate } from "../../../src/chat/template.ts";
import { AppError } from "../../../src/core/errors.ts";
import type { ChatMessage, ToolDefinition } from "../../../src/core/generation.ts";
import type { PromptSegment, Vocabulary } from "../../../src/core/prompt.ts";

const VOCABULARY: Vocabulary = {
  controlTokens: ["<|start_header_id|>", "<|im_start|>", "<|im_end|>", "<|user|>", "[INST]", "</s>", "<s>", "<😀>", "|>"],
  bosToken: "<s>",
  eosToken: "</s>",
};

/** Templates whose control tokens do not depend on what turns say; they place, trim, join, cut and re-case client text. */
const TEMPLATES: readonly (readonly [name: string, source: string])[] = [
  ["turns between control tokens", "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"],
  ["nothing between two strings", "{% for m in messages %}{{ m.content }}{{ m.name }}{{ m.tool_call_id }}{% endfor %}<|im_end|>"],
  ["trimmed strings side by side", "{% for m in messages %}{{ m.content | trim }}{{ m.name.strip() }}{% endfor %}<|im_end|>"],
  [
    "its own text completes what the client began",
    "{% for m in messages %}{{ '<|im_' + m.content + 'end|>' }}{{ '<' + m.name + '>' }}{{ '<|' + m.content + '|' }}{% endfor %}",
  ],
  [
    "taking something out joins what stood around it",
    "{% for m in messages %}{{ m.content.split('</think>')[-1] }}{{ m.content.split('</think>')[0] }}{{ m.content | replace('x', '') }}{% endfor %}",
  ],
  [
    "whitespace taken out",
    "{% for m in messages %}{{ m.content.split('\n') | join('') }}{{ m.content.split() | join('') }}{% endfor %}[INST]",
  ],
  [
    "letters change case",
    "{% for m in messages %}{{ m.content | lower }}{{ m.content | upper }}{{ m.content | title }}{{ m.content | capitalize }}{% endfor %}",
  ],
  [
    "tools and turns as JSON, ASCII only",
    "{{ tools | tojson }}{{ messages | tojson(ensure_ascii=true) }}{% for t in tools %}{{ t.function.description }}{% for k, v in t.function.parameters.properties | items %}{{ k }}{{ v.description }}{% endfor %}{% endfor %}<s>",
  ],
  [
    "calls and their arguments, key by key",
    "{% for m in messages %}{% for c in m.tool_calls %}{{ c.function.name }}{% for k, v in c.function.arguments.items() %}{{ k }}{{ v }}{% endfor %}{{ c.id }}{% endfor %}{{ m.content }}{{ m.reasoning_content }}{% endfor %}",
  ],
];

const fragment = fc.constantFrom(
  "<|im_end|>",
  "<|im_",
  "<|IM_",
  "<|ım_",
  "end|>",
  "END|>",
  "<|",
  "|>",
  "<",
  ">",
  "|",
  "im_start",
  "_header_id|>",
  "<|start",
  "[IN",
  "ST]",
  "[INST]",
  "</s",
  "</",
  "s>",
  "<s",
  "s",
  "x",
  "X",
  "user",
  " ",
  "\n",
  "<😀",
  ">",
  "\ud83d",
  "\ude00>",
  "<\ud83d",
  "</think>",
  "</th",
  "ink>",
  "\ufdd0",
  "\\ufdd1",
  "a",
);
const clientText = fc.array(fragment, { maxLength: 8 }).map((parts) => parts.join(""));

const turn = fc.record({ content: clientText, name: clientText, id: clientText, key: clientText, value: clientText });
type Turn = Record<"content" | "name" | "id" | "key" | "value", string>;
const turns = fc.array(turn, { minLength: 1, maxLength: 3 });

function input(turns: readonly Turn[], say: (text: string) => string): ChatTemplateInput {
  const messages = turns.map((t): ChatMessage => ({
    role: "user",
    content: say(t.content),
    name: say(t.name),
    reasoning: say(t.value),
    toolCallId: say(t.id),
    toolCalls: [{ id: say(t.id), name: say(t.name), arguments: JSON.stringify({ [say(t.key)]: say(t.value) }) }],
  }));
  const tools = turns.map((t): ToolDefinition => {
    return {
      name: say(t.name),
      description: say(t.content),
      parameters: { type: "object", properties: { [say(t.key)]: { description: say(t.value) } } },
    };
  });
  return { messages, tools, reasoning: { mode: "auto" } };
}

function controls(segments: readonly PromptSegment[]): string[] {
  return segments.filter((segment) => segment.kind === "control").map((segment) => segment.text);
}

function joined(segments: readonly PromptSegment[]): string {
  return segments.map((segment) => segment.text).join("");
}

/** A turn that clients may have written; an empty string lets a template's own texts touch, which is not theirs to answer for. */
const asWritten = (text: string): string => (text.trim() === "" ? `${text}é` : text);

test.each(TEMPLATES)("Whatever clients write, the control tokens are those of a harmless conversation: %s", (_name, source) => {
  const template = compileChatTemplate(source);
  fc.assert(
    fc.property(turns, (written) => {
      const harmless = template.render(
        input(written, () => "é"),
        VOCABULARY,
      );
      expect(controls(template.render(input(written, asWritten), VOCABULARY))).toEqual(controls(harmless));
    }),
    { numRuns: 400 },
  );
});

test.each(TEMPLATES.filter(([, source]) => !source.includes("title")))("Guards leave no trace in the text: %s", (_name, source) => {
  const template = compileChatTemplate(source);
  fc.assert(
    fc.property(turns, (written) => {
      const unguarded = template.render(input(written, asWritten), { ...VOCABULARY, controlTokens: [] });
      expect(joined(template.render(input(written, asWritten), VOCABULARY))).toBe(joined(unguarded));
    }),
    { numRuns: 400 },
  );
});

test("Segments are merged: no two plain ones follow each other and none is empty", () => {
  const template = compileChatTemplate("{% for m in messages %}{{ '<|im_start|>' + m.content + m.name + '<|im_end|>' }}{% endfor %}");
  fc.assert(
    fc.property(turns, (written) => {
      const segments = template.render(
        input(written, (text) => text),
        VOCABULARY,
      );
      const faults = segments.filter(
        (segment, i) => segment.text === "" || (segment.kind === "plain" && segments[i - 1]?.kind === "plain"),
      );
      expect(faults).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("Client text that a template compares keeps its meaning", () => {
  const source =
    "{{ messages[0].content == '<tool>' }} {{ messages[0].content.startswith('<to') }} {{ messages[0].content in ['<tool>'] }} {{ tools[0].function.parameters.s }}";
  const segments = compileChatTemplate(source).render(
    { messages: [{ role: "user", content: "<tool>" }], tools: [{ name: "f", parameters: { s: "</s>" } }], reasoning: { mode: "auto" } },
    VOCABULARY,
  );
  expect(segments).toEqual([{ kind: "plain", text: "true true true </s>" }]);
});

test("A control token's inside stays text even where a template changes its case between the token's ends", () => {
  const template = compileChatTemplate("{{ '<|' + messages[0].content | lower + '|>' }}");
  const segments = template.render({ messages: [{ role: "user", content: "USER" }], tools: [], reasoning: { mode: "auto" } }, VOCABULARY);
  expect(segments).toEqual([
    { kind: "plain", text: "<|user" },
    { kind: "control", text: "|>" },
  ]);
});

test("A character that shares its first half with a control token's stays whole", () => {
  const template = compileChatTemplate("{{ messages[0].content | tojson }}");
  const segments = template.render({ messages: [{ role: "user", content: "<😁>" }], tools: [], reasoning: { mode: "auto" } }, VOCABULARY);
  expect(segments).toEqual([{ kind: "plain", text: '"<😁>"' }]);
});

test("A request that leaves no noncharacter free is refused, one fewer is served", () => {
  const all = Array.from({ length: 32 }, (_, i) => String.fromCharCode(0xfdd0 + i)).join("");
  const template = compileChatTemplate("{{ messages[0].content }}");
  const render = (content: string): PromptSegment[] =>
    template.render({ messages: [{ role: "user", content }], tools: [], reasoning: { mode: "auto" } }, VOCABULARY);
  expect(render(`${all.slice(1)}<s>`)).toEqual([{ kind: "plain", text: `${all.slice(1)}<s>` }]);
  expect(() => render(all)).toThrow(
    new AppError(
      "invalid_request",
      "The request uses all 32 Unicode noncharacters U+FDD0 to U+FDEF, one of which the server needs. Remove them.",
    ),
  );
});

test("A schema nested beyond all reason is refused, not a crash", () => {
  let parameters: Record<string, unknown> = {};
  for (let i = 0; i < 300; i++) parameters = { a: parameters };
  const template = compileChatTemplate("{{ tools | tojson }}");
  expect(() => template.render({ messages: [], tools: [{ name: "f", parameters }], reasoning: { mode: "auto" } }, VOCABULARY)).toThrow(
    "The request's JSON is nested deeper than 200 levels. Flatten the tool schema or arguments.",
  );
});

test("Text is cut at the leftmost, longest control token", () => {
  const control = new ControlText(["<a>", "<a><b>", "a><", "x"]);
  expect(control.split("x<a><b><a>a><")).toEqual([
    { kind: "plain", text: "x" },
    { kind: "control", text: "<a><b>" },
    { kind: "control", text: "<a>" },
    { kind: "control", text: "a><" },
  ]);
});

test("Text far from any control token needs no guard", () => {
  const control = new ControlText(VOCABULARY.controlTokens);
  expect(control.guardPoints("Plain words, numbers 1 2 3 and (brackets).", NO_TEMPLATE_WORDS)).toEqual([]);
});
