/** Asking the model: a message is sent, an answer made anew, a question put differently, a call answered. Each goes on from its place. */
import { batch, signal } from "@preact/signals";
import { type Message, newId, titleOf } from "../conversation/conversation.ts";
import { beginConversation, change, changeLast, conversations, current, keep } from "../conversation/conversations.ts";
import { chosenModel, refreshModels } from "../models/models.ts";
import { messageOf } from "../server/api-error.ts";
import { answerRequest } from "./answer-request.ts";
import { type AnswerSoFar, readAnswer } from "./answer-stream.ts";
import { createPacer } from "./pacer.ts";

const KEEP_EVERY_MS = 5000;

/** An answer that is being made. */
export interface Running {
  readonly stop: AbortController;
  /** Requests that were ahead of it when it came; undefined until the server has said so. */
  readonly ahead: number | undefined;
}

/** By conversation; several may be asked for at once. */
export const running = signal<ReadonlyMap<string, Running>>(new Map());

/** Sends what the person wrote, in a new conversation where none is looked at. */
export function sendMessage(text: string): void {
  const id = current.value?.id ?? beginConversation(text);
  change(id, ({ messages }) => ({ messages: [...messages, { id: newId(), role: "user", content: text }] }));
  void answer(id);
}

/** Puts a question differently; what came after it is gone. */
export function editMessage(id: string, messageId: string, text: string): void {
  change(id, ({ messages, title }) => {
    const index = messages.findIndex((each) => each.id === messageId);
    return {
      title: index === 0 ? titleOf(text) : title,
      messages: [...messages.slice(0, index), { id: newId(), role: "user", content: text }],
    };
  });
  void answer(id);
}

/** Makes an answer anew; it and what came after it are gone. */
export function regenerate(id: string, messageId: string): void {
  change(id, ({ messages }) => ({
    messages: messages.slice(
      0,
      messages.findIndex((each) => each.id === messageId),
    ),
  }));
  void answer(id);
}

/** Gives the model what its calls returned, by the calls' ids. */
export function answerCalls(id: string, results: ReadonlyMap<string, string>): void {
  const said = [...results].map(([toolCallId, content]): Message => ({ id: newId(), role: "tool", toolCallId, content }));
  change(id, ({ messages }) => ({ messages: [...messages, ...said] }));
  void answer(id);
}

/** Ends the answer that is being made; what has come stays. */
export function stopAnswer(id: string): void {
  running.value.get(id)?.stop.abort();
}

function setRunning(id: string, state: Running | undefined): void {
  const states = new Map(running.value);
  if (state === undefined) states.delete(id);
  else states.set(id, state);
  running.value = states;
}

/** The answer as its message shows it; absent fields stay absent. */
function shown({ content, reasoning, toolCalls, figures, note }: AnswerSoFar): Partial<Message> {
  return {
    content,
    ...(reasoning === "" ? {} : { reasoning }),
    ...(toolCalls.length === 0 ? {} : { toolCalls: [...toolCalls] }),
    ...(figures === undefined ? {} : { figures }),
    ...(note === undefined ? {} : { note }),
  };
}

async function answer(id: string): Promise<void> {
  const conversation = conversations.value.find((each) => each.id === id);
  if (conversation === undefined || running.value.has(id)) return;
  const { messages, settings } = conversation;
  const stop = new AbortController();
  const model = chosenModel.value;
  batch(() => {
    setRunning(id, { stop, ahead: undefined });
    change(id, () => ({ messages: [...messages, { id: newId(), role: "assistant", content: "", model }] }));
  });
  void keep(id);

  let latest: AnswerSoFar | undefined;
  let keptMs = performance.now();
  const pacer = createPacer(() => {
    if (latest !== undefined) changeLast(id, shown(latest));
    // An answer may take minutes, and the page may be closed meanwhile.
    if (performance.now() - keptMs < KEEP_EVERY_MS) return;
    keptMs = performance.now();
    void keep(id);
  });
  let end: Partial<Message>;
  try {
    await readAnswer(answerRequest(model, settings, messages), stop.signal, {
      waiting: (ahead) => {
        setRunning(id, { stop, ahead });
        void refreshModels(false);
      },
      changed: (answer) => {
        latest = answer;
        pacer.ask();
      },
    });
    end = { ending: latest?.ending ?? "stop" };
  } catch (error) {
    end = stop.signal.aborted ? { ending: "stopped" } : { ending: "failed", error: messageOf(error) };
  }
  batch(() => {
    pacer.now();
    changeLast(id, end);
    setRunning(id, undefined);
  });
  await keep(id);
  await refreshModels();
}
