/** What clients ask, in the log, where that was asked for: nowhere else does a text of theirs come to it. */
import type { ApiContext, RequestScope } from "./context.ts";

/** @param asked texts or conversations, as they were understood */
export function logPrompt({ logsPrompts, log }: ApiContext, scope: RequestScope, model: string, asked: unknown): void {
  if (logsPrompts) log.info("prompt", { id: scope.id, model, asked });
}
