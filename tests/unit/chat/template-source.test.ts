import { expect, test } from "bun:test";
import { findTemplateSources } from "../../../src/chat/template-source.ts";

function gguf(values: Readonly<Record<string, string>>): { string(key: string): string | undefined } {
  return { string: (key) => values[key] };
}

test("The file beside the weights goes before tokenizer_config.json, and that before GGUF metadata", () => {
  const all = { chatTemplateFile: "file", tokenizerConfig: { chat_template: "config" }, gguf: gguf({ "tokenizer.chat_template": "gguf" }) };
  const { chatTemplateFile, ...withoutFile } = all;
  expect([findTemplateSources(all), findTemplateSources(withoutFile), findTemplateSources({ gguf: all.gguf }), chatTemplateFile]).toEqual([
    { text: "file", toolUseText: null },
    { text: "config", toolUseText: null },
    { text: "gguf", toolUseText: null },
    "file",
  ]);
});

test("Named templates: default serves conversations, tool_use those with tools", () => {
  const list = [
    { name: "rag", template: "rag" },
    { name: "tool_use", template: "tools" },
    { name: "default", template: "plain" },
  ];
  expect([
    findTemplateSources({ tokenizerConfig: { chat_template: list } }),
    findTemplateSources({ gguf: gguf({ "tokenizer.chat_template": "plain", "tokenizer.chat_template.tool_use": "tools" }) }),
    findTemplateSources({ tokenizerConfig: { chat_template: list.slice(0, 2) } }),
  ]).toEqual([
    { text: "plain", toolUseText: "tools" },
    { text: "plain", toolUseText: "tools" },
    { text: "tools", toolUseText: null },
  ]);
});

test("The older chat_template.json is read as JSON", () => {
  expect(findTemplateSources({ chatTemplateFile: '{"chat_template": "inner"}' })).toEqual({ text: "inner", toolUseText: null });
});

test("A Jinja template that begins like JSON is a template", () => {
  expect(findTemplateSources({ chatTemplateFile: "{{ bos_token }}" })).toEqual({ text: "{{ bos_token }}", toolUseText: null });
});

test.each([
  [{}],
  [{ chatTemplateFile: " \n" }],
  [{ tokenizerConfig: null }],
  [{ tokenizerConfig: { chat_template: 7 } }],
  [{ tokenizerConfig: { chat_template: [null, { name: "default" }, { name: "default", template: 3 }] } }],
  [{ tokenizerConfig: { chat_template: "" } }],
  [{ gguf: gguf({}) }],
])("No template is found in %j", (candidates) => {
  expect(findTemplateSources(candidates)).toBeNull();
});
