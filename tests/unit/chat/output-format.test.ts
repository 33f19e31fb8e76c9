import { describe, expect, test } from "bun:test";
import { findOutputFormat } from "../../../src/chat/output-format.ts";
import { toolInstructions } from "../../../src/chat/tool-text.ts";
import type { ToolSyntax } from "../../../src/core/runtime.ts";

/** What the templates of these models write around a call. */
const TEMPLATES: readonly (readonly [model: string, template: string, syntax: ToolSyntax])[] = [
  ["Qwen3", `{{- '<tool_call>\\n{"name": "' }}{{- tool_call.name }}{{- '"}\\n</tool_call>' }}`, "hermes"],
  ["Qwen3-Coder", "{{- '<tool_call>\\n<function=' + tool_call.name + '>\\n' }}{{- '<parameter=' + args_name + '>\\n' }}", "qwen-xml"],
  ["Llama 3.2", "{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{{- '\"parameters\": ' }}", "llama"],
  ["Llama 3.1", `{{- "<|python_tag|>" + tool_call.name + ".call(" }}`, "llama"],
  ["Mistral 7B 0.3", `{{- "[TOOL_CALLS][" }}{{- '{"name": "' }}`, "mistral"],
  ["Mistral Small 3.2", '{{- "[TOOL_CALLS]" + name + "[ARGS]" + arguments }}', "mistral-args"],
  [
    "DeepSeek R1 Distill Llama",
    "{{'<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + tool['type'] + '<｜tool▁sep｜>'}}<|start_header_id|> parameters",
    "deepseek",
  ],
  ["Gemma 3 with tools", "{{ '<start_of_turn>user\\n```tool_code' }}", "gemma"],
  ["FunctionGemma", "{{ '<start_of_turn>model\\n<start_function_call>call:' }}{{ tools }}", "function-gemma"],
  ["Gemma 4", "{{- '<|tool_call>call:' + function['name'] + '{' -}}", "gemma-4"],
  ["Functionary 3.2", "{{ '>>>all\\n' + message['content'] }}<|start_header_id|>parameters", "functionary"],
  ["Functionary 3.1", '<function=example_function_name>{"example_name": "example_value"}</function> <|python_tag|>', "function-tag"],
  ["a template without tools", "{{ '<|im_start|>' + m.role }}", "hermes"],
  ["no template", "", "hermes"],
];

describe("The syntax of calls is told from the template", () => {
  for (const [model, template, syntax] of TEMPLATES) {
    test(model, () => {
      expect(findOutputFormat(template, "Hi").toolSyntax).toBe(syntax);
    });
  }
});

test("A prompt that says itself how calls are written is believed", () => {
  expect(findOutputFormat("[TOOL_CALLS]", `system\n${toolInstructions([{ name: "a" }])}\nHi`).toolSyntax).toBe("hermes");
});

test("Tags of thoughts are told from the template or the prompt's end, and whether the prompt begins one", () => {
  const think = { open: "<think>", close: "</think>" };
  const found = (template: string, prompt: string) => findOutputFormat(template, prompt).reasoning;
  expect([
    found("{{ content.split('</think>')[-1] }}", "<|im_start|>assistant\n"),
    found("{{ content.split('</think>')[-1] }}", "<|im_start|>assistant\n<think>\n\n</think>\n\n"),
    found("{{ content.split('</think>')[-1] }}", "<｜Assistant｜><think>\n"),
    found("{{ '<think>' }}", "assistant\n<think>\n"),
    found("[THINK]{{ thinking }}[/THINK]", "[/INST]"),
    found("{{ text.split('<channel|>') }}", "<|turn>model\n<|channel>thought\n<channel|>"),
    found("{{ messages }}", "Why <think> at all?"),
  ]).toEqual([
    { ...think, begun: false },
    { ...think, begun: false },
    { ...think, begun: true },
    { ...think, begun: true },
    { open: "[THINK]", close: "[/THINK]", begun: false },
    { open: "<|channel>thought", close: "<channel|>", begun: false },
    null,
  ]);
});
