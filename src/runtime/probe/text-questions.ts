/** What the library makes of text, and the calls that change a handle between runs. */
import type { ProbeHandle } from "../native/probe-handle.ts";
import { GREEDY, type Question } from "./question.ts";

const TOOL = JSON.stringify([{ type: "function", function: { name: "now", description: "The time", parameters: { type: "object" } } }]);

/** Models without a tokenizer of their own get text. */
export const CONTROL_TEXT: Question = {
  id: "control-text",
  asks: "Are control tokens in a text prompt obeyed, and can the library's template be emptied?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ newTokensMax: 1 });
    const templated = lengthOf(handle, "word");
    const code = handle.emptyTemplate();
    const bare = lengthOf(handle, "word");
    asked.tell({ emptied: code === 0 && bare > 0 && bare <= templated, templateTokens: templated - bare });
    const added = asked.controlTexts.map((text) => lengthOf(handle, `word${text}`) - bare);
    asked.tell({ obeyed: added.length === 0 ? null : added.includes(1) });
  },
  answer: ({ emptied, templateTokens, obeyed }) =>
    (emptied === true ? `The template, ${String(templateTokens)} tokens, can be emptied. ` : "The template cannot be emptied. ") +
    (obeyed === true ? "Control tokens are obeyed." : obeyed === false ? "Control tokens are text." : "No control token is known to try."),
  server: () => "Sends token ids where the model has a tokenizer; else it takes known control tokens out of what clients write.",
};

/** Codes alone: what the server would need them for is not built on them. */
export const CALLS: Question = {
  id: "calls",
  asks: "Which of the other calls succeed?",
  ask(asked) {
    const handle = asked.open();
    asked.tell({ rkllm_clear_kv_cache: handle.clear(), rkllm_get_kv_cache_size: handle.cacheSizes() === null ? -1 : 0 });
    asked.tell({ rkllm_set_function_tools: handle.setTools("", TOOL, "tool_response") });
    asked.tell({ rkllm_release_prompt_cache: handle.releaseCache() });
    asked.tell({ rkllm_set_cross_attn_params: handle.detachCrossAttention() });
    asked.tell({ rkllm_set_chat_template: handle.emptyTemplate() });
    asked.tell({ "rkllm_set_function_tools, no template": handle.setTools("", TOOL, "tool_response") });
  },
  answer: (facts) =>
    Object.entries(facts)
      .map(([name, code]) => `${name} ${String(code)}`)
      .join(", "),
  server: () =>
    "Uses rkllm_clear_kv_cache and rkllm_set_chat_template alone. A cache that is not emptied shows as a vector of zeros, which is refused.",
};

/** Tokens of a text prompt: what the KV cache holds then, or what was read into an empty one. */
function lengthOf(handle: ProbeHandle, text: string): number {
  handle.clear();
  const { figures } = handle.run([text], { sampling: GREEDY, newTokensMax: 1 });
  return handle.cacheSizes()?.[0] ?? figures[0]?.prefillTokens ?? 0;
}
