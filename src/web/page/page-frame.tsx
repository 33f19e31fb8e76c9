/** The frame of the page: where one can go, how it looks, and the view that is looked at. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ChatView } from "./chat/chat-view.tsx";
import { ConversationList } from "./conversation/conversation-list.tsx";
import { current } from "./conversation/conversations.ts";
import { Dialog } from "./parts/dialog.tsx";
import { KeyDialog } from "./parts/key-dialog.tsx";
import { type Theme, theme } from "./parts/theme.ts";
import { route } from "./route.ts";
import { StatusView } from "./status/status-view.tsx";

const NAME = "RockchipLlama";

const here = (view: string) => (route.value.view === view ? "page" : undefined);

/** Everything there is to see. */
export function PageFrame() {
  const isListOpen = useSignal(false);
  const isChat = route.value.view === "chat";
  const title = isChat ? current.value?.title : "Status";
  useEffect(() => {
    document.title = title === undefined ? NAME : `${title} · ${NAME}`;
  }, [title]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="bar">
        {isChat && (
          <button type="button" class="quiet list-button" onClick={() => (isListOpen.value = true)}>
            Chats
          </button>
        )}
        <span class="brand">{NAME}</span>
        <nav aria-label="Views">
          <a href="#/" aria-current={here("chat")}>
            Chat
          </a>
          <a href="#/status" aria-current={here("status")}>
            Status
          </a>
        </nav>
        <label class="theme">
          <span class="unseen">Colours</span>
          <select value={theme} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
            <option value="system">Auto</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
      </header>
      <div class="views">
        {isChat && (
          <aside class="sidebar" aria-label="Conversations">
            <ConversationList onLeave={() => {}} />
          </aside>
        )}
        {isChat ? <ChatView /> : <StatusView />}
      </div>
      {isListOpen.value && (
        <Dialog title="Conversations" kind="drawer-start" onClose={() => (isListOpen.value = false)}>
          <ConversationList onLeave={() => (isListOpen.value = false)} />
        </Dialog>
      )}
      <KeyDialog />
    </>
  );
}

/** The address behind # is the view, so the browser cannot do this itself. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#main")?.focus();
}
