/** Long conversations as Ollama's clients expect them to be handled: the oldest turns are left out until the rest fits the context. */
import { AppError } from "../../core/errors.ts";
import type { ChatInput, ChatMessage, GenerationRequest } from "../../core/generation.ts";
import { answerReserveTokens } from "../../core/runtime.ts";
import type { Engine } from "../../engine/engine.ts";

/** Room that is left for an answer whose length the request does not limit; a quarter of the context is all that is ever left. */
const ANSWER_TOKENS = 512;

/** How many turns a request has lost. */
export interface Loss {
  turns: number;
}

/** The engine, but that a conversation which is too long loses turns in place of being refused. `loss` tells of the last request. */
export function truncatingEngine(engine: Engine, loss: Loss): Engine {
  return {
    ...engine,
    generate: async (request, signal) => {
      try {
        return await engine.generate(request, signal);
      } catch (thrown) {
        const { code, details } = AppError.from(thrown);
        const { input } = request;
        if (code !== "context_length_exceeded" || details.contextTokens === undefined || input.kind !== "chat") throw thrown;
        const shorter = await shortened(
          engine,
          request,
          input,
          details.contextTokens - answerReserveTokens(details.contextReserveTokens),
          signal,
        );
        if (shorter === null) throw thrown;
        const generation = await engine.generate(shorter, signal);
        loss.turns = input.messages.length - turnsOf(shorter);
        return generation;
      }
    },
  };
}

function turnsOf({ input }: GenerationRequest): number {
  return input.kind === "chat" ? input.messages.length : 0;
}

/** The request with as many of its turns as leave room for an answer; null where there is only one that could go. */
async function shortened(
  engine: Engine,
  request: GenerationRequest,
  input: ChatInput,
  usableTokens: number,
  signal: AbortSignal,
): Promise<GenerationRequest | null> {
  const room = Math.min(request.tokensMax ?? ANSWER_TOKENS, Math.floor(usableTokens / 4));
  const promptTokensMax = usableTokens - room;
  const candidates = beginnings(input.messages).map((from) => ({
    ...request,
    input: { ...input, messages: withoutOldest(input.messages, from) },
  }));
  const fits = async (candidate: GenerationRequest): Promise<boolean> => {
    try {
      // To count is no use of the model: how long it stays is said by the answer alone.
      const { keepAliveMs: _, ...counted } = candidate;
      return (await engine.countTokens(counted, signal)) <= promptTokensMax;
    } catch (thrown) {
      // One that is far too long is refused unread.
      if (AppError.from(thrown).code === "context_length_exceeded") return false;
      throw thrown;
    }
  };
  // The fewer turns, the fewer tokens: the first that fits is found by halves. Where none leaves enough room the shortest has to do.
  let low = 0;
  let high = candidates.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const candidate = candidates[middle];
    if (candidate !== undefined && (await fits(candidate))) high = middle;
    else low = middle + 1;
  }
  return candidates[low] ?? null;
}

/** Where a conversation may begin after its first turn: not with the result of a call, which would answer nothing. */
function beginnings(messages: readonly ChatMessage[]): number[] {
  const first = messages.findIndex(({ role }) => role !== "system");
  const last = messages.length - 1;
  return [...messages.keys()].filter((index) => {
    const role = messages[index]?.role;
    return index > first && role !== "system" && (role !== "tool" || index === last);
  });
}

/** System messages say how the model is to behave, and stay. */
function withoutOldest(messages: readonly ChatMessage[], from: number): ChatMessage[] {
  return messages.filter(({ role }, index) => index >= from || role === "system");
}
