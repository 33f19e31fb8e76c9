/**
 * Prompts as one string, for models without a tokenizer: the runtime tokenizes the text itself and takes whatever spells a control token
 * for one. So every control token text that any known family uses is taken out of client text.
 */
import type { Vocabulary } from "../core/prompt.ts";
import type { ChatTemplate, ChatTemplateInput } from "./template.ts";

/** Control tokens of the families that Rockchip's converter and llama.cpp support, longest first. */
export const KNOWN_CONTROL_TOKENS: readonly string[] = [
  // ChatML: Qwen, SmolLM, InternLM, MiniCPM
  ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>"],
  ["<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"],
  ["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"],
  ["<|plugin|>", "<|interpreter|>", "<|action_start|>", "<|action_end|>", "<用户>", "<AI>"],
  // Llama 3
  ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|eom_id|>", "<|python_tag|>"],
  ["<|finetune_right_pad_id|>", "<|image|>"],
  // Llama 2, Mistral, Zephyr, TinyLlama
  ["<s>", "</s>", "<unk>", "<pad>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"],
  ["[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[IMG]", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]"],
  // Gemma
  ["<bos>", "<eos>", "<mask>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>", "<image_soft_token>"],
  // Phi, GLM, TeleChat
  ["<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|tool|>", "<|observation|>", "[gMASK]", "[sMASK]", "<sop>", "<eop>"],
  ["<_user>", "<_bot>", "<_system>", "<_end>"],
  // DeepSeek
  [
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "<|EOT|>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
  ],
  ["<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>", "<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>"],
  ["<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>"],
  // Granite, gpt-oss, EXAONE
  [
    "<|start_of_role|>",
    "<|end_of_role|>",
    "<|tool_call|>",
    "<|start|>",
    "<|message|>",
    "<|channel|>",
    "<|return|>",
    "<|call|>",
    "[|system|]",
  ],
  ["[|user|]", "[|assistant|]", "[|endofturn|]"],
]
  .flat()
  .sort((a, b) => b.length - a.length);

/**
 * A template's prompt as one string, client text freed of control tokens.
 * @param special BOS and EOS texts as the template should write them; null where the runtime adds its own.
 * Throws AppError as `ChatTemplate.render` does.
 */
export function renderText(template: ChatTemplate, input: ChatTemplateInput, special: Pick<Vocabulary, "bosToken" | "eosToken">): string {
  const own = [special.bosToken, special.eosToken].filter((token): token is string => token !== null && token !== "");
  const controlTokens = [...new Set([...KNOWN_CONTROL_TOKENS, ...own])].sort((a, b) => b.length - a.length);
  return template
    .render(input, { controlTokens, bosToken: special.bosToken, eosToken: special.eosToken })
    .map((segment) => (segment.kind === "control" ? segment.text : stripControlText(segment.text, controlTokens)))
    .join("");
}

/** Text without any of the tokens (by default all known ones), also none that taking out another one would leave behind. */
export function stripControlText(text: string, tokens: readonly string[] = KNOWN_CONTROL_TOKENS): string {
  const lastCharacters = new Set(tokens.map((token) => token.slice(-1)));
  const lengthMax = Math.max(...tokens.map((token) => token.length));
  const kept: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    kept.push(character);
    if (!lastCharacters.has(character)) continue;
    const tail = kept.slice(-lengthMax).join("");
    const token = tokens.find((known) => tail.endsWith(known));
    if (token !== undefined) kept.length -= token.length;
  }
  return kept.join("");
}
