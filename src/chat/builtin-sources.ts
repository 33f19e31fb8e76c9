/**
 * Chat templates of our own wording, for models that bring none. Each writes its family's turn markers; functions, calls and results
 * are written in one way everywhere (Hermes' tags), so that one reading back serves all of them.
 */

/**
 * Shared by all: `first.system`, the instructions including those on functions; `turns`, what follows the leading system turn;
 * `said(m)`, a turn's text; `speaker(m)`, user or assistant. Past reasoning is left out, as reasoning models expect.
 */
const PRELUDE = String.raw`
{%- set leading = 1 if messages and messages[0].role == 'system' else 0 -%}
{%- set turns = messages[leading:] -%}
{%- set first = namespace(system=messages[0].content if leading else '') -%}
{%- if tools -%}
  {%- set first.system = first.system + ('\n\n' if first.system else '') + 'You can call these functions:\n<tools>' -%}
  {%- for tool in tools -%}{%- set first.system = first.system + '\n' + (tool | tojson) -%}{%- endfor -%}
  {%- set first.system = first.system + '\n</tools>\nTo call one, answer with:\n<tool_call>\n{"name": "the name", "arguments": {}}\n</tool_call>' -%}
{%- endif -%}
{%- macro speaker(m) -%}{{- 'assistant' if m.role == 'assistant' else 'user' -}}{%- endmacro -%}
{%- macro said(m) -%}
  {%- if m.role == 'tool' -%}
    {{- '<tool_response>\n' + m.content + '\n</tool_response>' -}}
  {%- elif m.role == 'assistant' -%}
    {{- m.content.split('</think>')[-1].strip() -}}
    {%- for call in m.tool_calls or [] -%}
      {{- ('' if loop.first and not m.content else '\n') + '<tool_call>\n{"name": ' + (call.function.name | tojson) + ', "arguments": ' -}}
      {{- call.function.arguments if call.function.arguments is string else (call.function.arguments | tojson) -}}
      {{- '}\n</tool_call>' -}}
    {%- endfor -%}
  {%- else -%}
    {{- m.content -}}
  {%- endif -%}
{%- endmacro -%}
`.trim();

// source: chat_template of Qwen/Qwen2.5-0.5B-Instruct and HuggingFaceTB/SmolLM2-360M-Instruct
export const CHATML = String.raw`${PRELUDE}
{%- if first.system -%}{{- '<|im_start|>system\n' + first.system + '<|im_end|>\n' -}}{%- endif -%}
{%- for m in turns -%}
  {{- '<|im_start|>' + ('system' if m.role == 'system' else speaker(m)) + '\n' + said(m) + '<|im_end|>\n' -}}
{%- endfor -%}
{{- '<|im_start|>assistant\n' -}}`;

// source: chat_template of Qwen/Qwen3-0.6B (an empty thought in front of the answer turns thinking off)
export const QWEN3 = String.raw`${CHATML}
{%- if enable_thinking is defined and not enable_thinking -%}{{- '<think>\n\n</think>\n\n' -}}{%- endif -%}`;

// source: chat_template of meta-llama/Llama-3.2-1B-Instruct
export const LLAMA_3 = String.raw`${PRELUDE}
{{- bos_token -}}
{%- if first.system -%}{{- '<|start_header_id|>system<|end_header_id|>\n\n' + first.system + '<|eot_id|>' -}}{%- endif -%}
{%- for m in turns -%}
  {%- set header = 'ipython' if m.role == 'tool' else ('system' if m.role == 'system' else speaker(m)) -%}
  {{- '<|start_header_id|>' + header + '<|end_header_id|>\n\n' + said(m) + '<|eot_id|>' -}}
{%- endfor -%}
{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}`;

// source: chat_template of google/gemma-3-1b-it (instructions open the user's first turn)
export const GEMMA = String.raw`${PRELUDE}
{{- bos_token -}}
{%- if first.system and (not turns or turns[0].role == 'assistant') -%}
  {{- '<start_of_turn>user\n' + first.system + '<end_of_turn>\n' -}}
{%- endif -%}
{%- for m in turns -%}
  {{- '<start_of_turn>' + ('model' if m.role == 'assistant' else 'user') + '\n' -}}
  {{- first.system + '\n\n' if loop.first and first.system and m.role != 'assistant' else '' -}}
  {{- said(m).strip() + '<end_of_turn>\n' -}}
{%- endfor -%}
{{- '<start_of_turn>model\n' -}}`;

// source: chat_template of microsoft/Phi-3-mini-4k-instruct
export const PHI_3 = String.raw`${PRELUDE}
{%- if first.system -%}{{- '<|system|>\n' + first.system + '<|end|>\n' -}}{%- endif -%}
{%- for m in turns -%}
  {{- ('<|assistant|>\n' if m.role == 'assistant' else '<|user|>\n') + said(m) + '<|end|>\n' -}}
{%- endfor -%}
{{- '<|assistant|>\n' -}}`;

// source: chat_template of HuggingFaceH4/zephyr-7b-beta and TinyLlama/TinyLlama-1.1B-Chat-v1.0
export const ZEPHYR = String.raw`${PRELUDE}
{%- if first.system -%}{{- '<|system|>\n' + first.system + eos_token + '\n' -}}{%- endif -%}
{%- for m in turns -%}
  {{- ('<|assistant|>\n' if m.role == 'assistant' else '<|user|>\n') + said(m) + eos_token + '\n' -}}
{%- endfor -%}
{{- '<|assistant|>\n' -}}`;

// source: chat_template of deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B (the answer begins inside the thought)
export const DEEPSEEK_R1 = String.raw`${PRELUDE}
{{- bos_token + first.system -}}
{%- for m in turns -%}
  {{- '<｜Assistant｜>' + said(m) + eos_token if m.role == 'assistant' else '<｜User｜>' + said(m) -}}
{%- endfor -%}
{{- '<｜Assistant｜><think>\n' -}}
{%- if enable_thinking is defined and not enable_thinking -%}{{- '\n</think>\n\n' -}}{%- endif -%}`;

/** User turns stand between [INST] and [/INST]; instructions open the first of them. */
function instructTemplate(systemStart: string, systemEnd: string): string {
  return String.raw`${PRELUDE}
{{- bos_token -}}
{%- set first.open = false -%}
{%- if first.system -%}{{- '[INST] ${systemStart}' + first.system + '${systemEnd}' -}}{%- set first.open = true -%}{%- endif -%}
{%- for m in turns -%}
  {%- if m.role == 'assistant' -%}
    {{- (' [/INST]' if first.open else '') + ' ' + said(m) + eos_token -}}{%- set first.open = false -%}
  {%- else -%}
    {{- ('\n\n' if first.open else '[INST] ') + said(m) -}}{%- set first.open = true -%}
  {%- endif -%}
{%- endfor -%}
{{- ' [/INST]' if first.open else '' -}}`;
}

// source: chat_template of mistralai/Mistral-7B-Instruct-v0.2
export const MISTRAL: string = instructTemplate("", "");

// source: chat_template of meta-llama/Llama-2-7b-chat-hf
export const LLAMA_2: string = instructTemplate(String.raw`<<SYS>>\n`, String.raw`\n<</SYS>>`);

// source: none; a dialogue in words, which models without turn markers continue
export const PLAIN = String.raw`${PRELUDE}
{{- first.system + '\n\n' if first.system else '' -}}
{%- for m in turns -%}
  {{- ('Assistant: ' if m.role == 'assistant' else 'User: ') + said(m) + '\n' -}}
{%- endfor -%}
{{- 'Assistant:' -}}`;
