/** Whether the model should think, from the many ways in which clients say so. */
import type { ChatMessage, ReasoningChoice } from "../../core/generation.ts";
import type { ChatBody } from "./chat-schema.ts";

/** OpenAI's words. Clients send others, which mean nothing. */
const EFFORTS = new Set(["minimal", "low", "medium", "high", "xhigh", "max"]);
/** Qwen3's switch at the end of what a user says. */
const SWITCH = /(?:^|\s)\/(no_)?think\s*$/;

function byFields(body: ChatBody): ReasoningChoice {
  const asked = body.chat_template_kwargs?.enable_thinking ?? body.enable_thinking ?? body.think;
  if (typeof asked === "boolean") return { mode: asked ? "on" : "off" };
  const effort = asked ?? body.reasoning_effort ?? body.reasoning?.effort;
  if (effort === "none") return { mode: "off" };
  return typeof effort === "string" && EFFORTS.has(effort) ? { mode: "on", level: effort } : { mode: "auto" };
}

/** The fields, and the user's last switch where they do not turn thinking off. The text keeps the switch: models were trained on it. */
export function decodeReasoning(body: ChatBody, messages: readonly ChatMessage[]): ReasoningChoice {
  const choice = byFields(body);
  const found = SWITCH.exec(messages.findLast(({ role }) => role === "user")?.content ?? "");
  if (choice.mode === "off" || found === null) return choice;
  return found[1] === undefined ? { ...choice, mode: "on" } : { mode: "off" };
}
