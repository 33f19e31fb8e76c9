/** The chat: messages, and below them the model, the settings and the box to write in. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { isPlain, type Message } from "../conversation/conversation.ts";
import { current, currentSettings, storeFault } from "../conversation/conversations.ts";
import { ModelChoice } from "../models/model-choice.tsx";
import { chosenBase, chosenModel } from "../models/models.ts";
import { SettingsDialog } from "../settings/settings-dialog.tsx";
import { running, type Running, sendMessage, stopAnswer } from "./answering.ts";
import { Composer } from "./composer.tsx";
import { EmptyChat } from "./empty-chat.tsx";
import { Answer, Question } from "./message-view.tsx";
import { SpokenAnswer } from "./spoken-answer.tsx";

/** How far from its end the list may be to be kept there, CSS pixels. */
const END_PX = 80;

/** The whole view. */
export function ChatView() {
  const conversation = current.value;
  const messages = conversation?.messages ?? [];
  const state = running.value.get(conversation?.id ?? "");
  const isBusy = state !== undefined;
  const status = state === undefined ? "" : statusOf(state, messages.at(-1));
  const areSettingsOpen = useSignal(false);
  const list = useEndOfList(conversation?.id, messages);
  const stop = (): void => {
    if (conversation !== undefined) stopAnswer(conversation.id);
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && document.querySelector("dialog[open]") === null) stop();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [conversation?.id]);
  return (
    <main class="chat" id="main" tabIndex={-1}>
      <h1 class="unseen">{conversation?.title ?? "New chat"}</h1>
      <div class="messages" ref={list} tabIndex={0} role="region" aria-label="Conversation">
        {messages.length === 0 && <EmptyChat />}
        {messages.map((message, index) => {
          if (message.role === "tool") return null;
          const parts = { conversationId: conversation?.id ?? "", message, isBusy, results: resultsOf(messages, index) };
          const isLast = index === messages.length - 1;
          return message.role === "user" ? (
            <Question key={message.id} {...parts} isLast={isLast} />
          ) : (
            <Answer key={message.id} {...parts} isLast={isLast} />
          );
        })}
        {status !== "" && (
          <p class="waiting" aria-hidden="true">
            {status}
          </p>
        )}
      </div>
      <SpokenAnswer message={messages.at(-1)} status={status} />
      <div class="foot">
        {storeFault.value !== null && <p class="fault">{storeFault}</p>}
        <div class="foot-row">
          <ModelChoice />
          <button type="button" class="quiet" onClick={() => (areSettingsOpen.value = true)}>
            Settings{isPlain(currentSettings.value) ? "" : " (changed)"}
          </button>
        </div>
        <Composer isBusy={isBusy} onSend={sendMessage} onStop={stop} />
      </div>
      {areSettingsOpen.value && <SettingsDialog onClose={() => (areSettingsOpen.value = false)} />}
    </main>
  );
}

/** Results stand behind the message whose calls they answer. */
function resultsOf(messages: readonly Message[], index: number): readonly Message[] {
  const behind = messages.slice(index + 1);
  const end = behind.findIndex(({ role }) => role !== "tool");
  return end === -1 ? behind : behind.slice(0, end);
}

/** What the person waits for; "" once words come. */
function statusOf({ ahead }: Running, last: Message | undefined): string {
  if (last?.role === "assistant" && (last.content !== "" || last.reasoning !== undefined || last.toolCalls !== undefined)) return "";
  if (chosenBase.value?.loaded === false) return `Loading ${chosenModel.value}…`;
  if (ahead !== undefined && ahead > 0) return `Waiting: ${ahead} ${ahead === 1 ? "request is" : "requests are"} ahead…`;
  return "Reading…";
}

/** Keeps the end of the list in sight while it grows, unless the person has scrolled away from it. */
function useEndOfList(id: string | undefined, messages: readonly Message[]) {
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    const onScroll = (): void => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX;
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, []);
  // Before anything is drawn: a scroll event in between would find the list grown and take that for the person's doing.
  useLayoutEffect(() => {
    isAtEnd.current = true;
  }, [id, messages.length]);
  useLayoutEffect(() => {
    const element = list.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [id, messages]);
  return list;
}
