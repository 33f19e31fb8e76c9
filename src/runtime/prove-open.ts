/**
 * rkllm_init was reported to return 0 for models that it had not loaded, with an error in the log. Other errors there may mean nothing. So a model
 * that was opened with an error is tried before anybody gets it.
 */
import { AppError, type ErrorCode } from "../core/errors.ts";
import type { PromptRequest } from "../core/runtime.ts";
import type { Sampling } from "../core/generation.ts";
import { unreadAnswer } from "../core/unread-answer.ts";
import type { HostSession } from "./host-session.ts";
import { withLastWords } from "./last-words.ts";
import { lacksMemory } from "./memory-failure.ts";

/** `E rkllm: …`, `E RKNN: …` */
const ERROR_LINE = /^E (?:rkllm|rknn)\b/i;
/** Used up before there is another prompt; 0 is nobody's on the token line. */
const PROOF_ID = 1;
const PROOF: PromptRequest = { input: { kind: "completion", prompt: "a" }, reasoning: { mode: "auto" } };

/**
 * Lets a model whose library printed an error while it opened run for one token. One that cannot is closed. (A 1.2 library has to be aborted for
 * that, which it may not forgive a prompt's file that is read later.)
 * @throws AppError model_load_failed or out_of_memory with what the library said, engine_lost where it costs the host
 */
export async function proveItRuns(session: HostSession, modelId: string, sampling: Sampling): Promise<void> {
  const complaints = session.outputTail().filter((line) => ERROR_LINE.test(line));
  if (complaints.length === 0) return;
  const cannot = (code: ErrorCode, message: string): AppError =>
    new AppError(lacksMemory(complaints) ? "out_of_memory" : code, withLastWords(message, complaints, true));
  try {
    const { reader, ended } = unreadAnswer();
    const { promptTokens } = await session.prepare(PROOF_ID, PROOF);
    const member = { promptId: PROOF_ID, tokensMax: 1, signal: new AbortController().signal, reader };
    const over = session.run({ members: [member], sampling }, promptTokens);
    await ended;
    await over;
  } catch (thrown) {
    const { code, message } = AppError.from(thrown);
    if (code === "engine_lost") throw cannot(code, message);
    if (session.lost !== null) throw session.lost;
    await session.close();
    throw cannot("model_load_failed", `The runtime says that ${modelId} is open, but it does not run: ${message}`);
  }
}
