/**
 * Chat templates of our own wording, for models that bring none. Each writes its family's turn markers and nothing else: functions,
 * calls and results reach them as text (tolerant-messages.ts), in one way for all families.
 */

/**
 * Shared by all: `first.system`, the leading instructions; `turns`, what follows them; `said(m)`, a turn's text, past reasoning left out,
 * as reasoning models expect.
 */
const PRELUDE = String.raw`
{%- set leading = 1 if messages and messages[0].role == 'system' else 0 -%}
{%- set turns = messages[leading:] -%}
{%- set first = namespace(system=messages[0].content if leading else '') -%}
{%- macro said(m) -%}
  {{- m.content.split('</think>')[-1].strip() if m.role == 'assistant' else m.content -}}
{%- endmacro -%}
`.trim();

/** source: chat_template of Qwen/Qwen2.5-0.5B-Instruct and HuggingFaceTB/SmolLM2-360M-Instruct */
export const CHATML = String.raw`${PRELUDE}
{%- if first.system -%}{{- '<|im_start|>system\n' + first.system + '<|im_end|>\n' -}}{%- endif -%}
{%- for m in turns -%}
  {{- '<|im_start|>' + m.role + '\n' + said(m) + '<|im_end|>\n' -}}
{%- endfor -%}
{{- '<|im_start|>assistant\n' -}}`;

/** source: chat_template of Qwen/Qwen3-0.6B (an empty thought in front of the answer turns thinking off) */
export const QWEN3 = String.raw`${CHATML}
{%- if enable_thinking is defined and not enable_thinking -%}{{- '<think>\n\n</think>\n\n' -}}{%- endif -%}`;

/** source: chat_template of meta-llama/Llama-3.2-1B-Instruct */
export const LLAMA_3 = String.raw`${PRELUDE}
{{- bos_token -}}
{%- if first.system -%}{{- '<|start_header_id|>system<|end_header_id|>\n\n' + first.system + '<|eot_id|>' -}}{%- endif -%}
{%- for m in turns -%}
  {{- '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' + said(m) + '<|eot_id|>' -}}
{%- endfor -%}
{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}`;

/** source: chat_template of google/gemma-3-1b-it (instructions open the user's first turn) */
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

/** source: chat_template of microsoft/Phi-3-mini-4k-instruct */
export const PHI_3 = String.raw`${PRELUDE}
{%- if first.system -%}{{- '<|system|>\n' + first.system + '<|end|>\n' -}}{%- endif -%}
{%- for m in turns -%}
  {{- ('<|assistant|>\n' if m.role == 'assistant' else '<|user|>\n') + said(m) + '<|end|>\n' -}}
{%- endfor -%}
{{- '<|assistant|>\n' -}}`;

/** source: chat_template of HuggingFaceH4/zephyr-7b-beta and TinyLlama/TinyLlama-1.1B-Chat-v1.0 */
export const ZEPHYR = String.raw`${PRELUDE}
{%- if first.system -%}{{- '<|system|>\n' + first.system + eos_token + '\n' -}}{%- endif -%}
{%- for m in turns -%}
  {{- ('<|assistant|>\n' if m.role == 'assistant' else '<|user|>\n') + said(m) + eos_token + '\n' -}}
{%- endfor -%}
{{- '<|assistant|>\n' -}}`;

/** source: chat_template of deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B (the answer begins inside the thought) */
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

/** source: chat_template of mistralai/Mistral-7B-Instruct-v0.2 */
export const MISTRAL: string = instructTemplate("", "");

/** source: chat_template of meta-llama/Llama-2-7b-chat-hf */
export const LLAMA_2: string = instructTemplate(String.raw`<<SYS>>\n`, String.raw`\n<</SYS>>`);

/** source: none; a dialogue in words, which models without turn markers continue */
export const PLAIN = String.raw`${PRELUDE}
{{- first.system + '\n\n' if first.system else '' -}}
{%- for m in turns -%}
  {{- ('Assistant: ' if m.role == 'assistant' else 'User: ') + said(m) + '\n' -}}
{%- endfor -%}
{{- 'Assistant:' -}}`;
