/** Several answers from one HTTP request: several to a prompt, and several prompts. */
import type { GenerationRequest } from "../../core/generation.ts";
import type { AtLeastOne } from "../dialect.ts";

/** Each request `times` times, the answers to one prompt next to each other. Where there are several, each gets an id of its own. */
export function answerRequests(prompts: AtLeastOne<GenerationRequest>, times: number): AtLeastOne<GenerationRequest> {
  if (prompts.length * times === 1) return prompts;
  const [first] = prompts;
  const all = prompts.flatMap((prompt) => Array.from({ length: times }, () => prompt));
  const withIds = all.map((request, index) => ({ ...request, id: `${request.id}-${index}` }));
  return [withIds[0] ?? first, ...withIds.slice(1)];
}
