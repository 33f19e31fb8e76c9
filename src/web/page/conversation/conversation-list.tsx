/** The conversations that this browser keeps. */
import { useSignal } from "@preact/signals";
import { stopAnswer } from "../chat/answering.ts";
import { route } from "../route.ts";
import { forgetKey, hasKey } from "../server/api-key.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { Conversation } from "./conversation.ts";
import { conversations, remove } from "./conversations.ts";
import { asJson, asMarkdown, download, fileName } from "./export.ts";

/** `onLeave` is called when one is chosen: a drawer closes then. */
export function ConversationList({ onLeave }: { onLeave(this: void): void }) {
  const chosen = useSignal<Conversation | null>(null);
  return (
    <>
      <a
        class="button primary new"
        href="#/"
        onClick={() => {
          onLeave();
          // A drawer gives the focus back first.
          requestAnimationFrame(() => document.querySelector<HTMLElement>("#message")?.focus());
        }}
      >
        New chat
      </a>
      <ul class="conversations">
        {conversations.value.map((conversation) => (
          <li key={conversation.id}>
            <a
              href={`#/chat/${conversation.id}`}
              aria-current={route.value.conversation === conversation.id ? "page" : undefined}
              onClick={onLeave}
            >
              {conversation.title}
            </a>
            <button
              type="button"
              class="quiet"
              aria-label={`More about ${conversation.title}`}
              onClick={() => (chosen.value = conversation)}
            >
              <span aria-hidden="true">⋯</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="list-foot">
        <p class="hint">Kept in this browser, not on the server.</p>
        {conversations.value.length > 0 && (
          <button
            type="button"
            class="quiet"
            onClick={() => download("conversations.json", "application/json", asJson(conversations.value))}
          >
            Export all
          </button>
        )}
        {hasKey.value && (
          <button type="button" class="quiet" onClick={forgetKey}>
            Forget the API key
          </button>
        )}
      </div>
      {chosen.value !== null && <ConversationDialog conversation={chosen.value} onClose={() => (chosen.value = null)} />}
    </>
  );
}

/** What can be done with one of them. */
function ConversationDialog({ conversation, onClose }: { readonly conversation: Conversation; onClose(this: void): void }) {
  const { title } = conversation;
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="hint">
        {conversation.messages.length} messages, last used {new Date(conversation.updatedMs).toLocaleString()}
      </p>
      <div class="actions">
        <button type="button" onClick={() => download(fileName(title, "md"), "text/markdown", asMarkdown(conversation))}>
          Export as Markdown
        </button>
        <button type="button" onClick={() => download(fileName(title, "json"), "application/json", asJson([conversation]))}>
          Export as JSON
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            onClose();
            stopAnswer(conversation.id);
            void remove(conversation.id);
          }}
        >
          Delete for good
        </button>
      </div>
    </Dialog>
  );
}
