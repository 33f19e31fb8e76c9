/** The conversations of this page: which there are, which one is looked at, and how they change. */
import { computed, signal } from "@preact/signals";
import { messageOf } from "../server/api-error.ts";
import { route } from "../route.ts";
import { type ChatSettings, type Conversation, type Message, newId, PLAIN_SETTINGS, titleOf } from "./conversation.ts";
import { CONVERSATIONS_MAX, deleteConversation, loadConversations, saveConversation } from "./conversation-store.ts";

/** The last used first. */
export const conversations = signal<readonly Conversation[]>([]);

/** What keeps conversations from being kept; null where nothing does. */
export const storeFault = signal<string | null>(null);

/** The settings of the next new conversation. */
const draftSettings = signal<ChatSettings>(PLAIN_SETTINGS);

/** The conversation that is looked at; undefined for a new one. */
export const current = computed(() => conversations.value.find(({ id }) => id === route.value.conversation));

/** The settings that the next answer is made with. */
export const currentSettings = computed(() => current.value?.settings ?? draftSettings.value);

/** Reads what the browser has kept. */
export async function restoreConversations(): Promise<void> {
  await guarded(async () => {
    conversations.value = await loadConversations();
  });
}

/** Begins one with the settings of the draft, and looks at it. */
export function beginConversation(firstText: string): string {
  const now = Date.now();
  const conversation = {
    id: newId(),
    title: titleOf(firstText),
    createdMs: now,
    updatedMs: now,
    settings: draftSettings.value,
    messages: [],
  };
  const all = [conversation, ...conversations.value];
  conversations.value = all.slice(0, CONVERSATIONS_MAX);
  for (const { id } of all.slice(CONVERSATIONS_MAX)) void guarded(() => deleteConversation(id));
  draftSettings.value = PLAIN_SETTINGS;
  location.hash = `#/chat/${conversation.id}`;
  return conversation.id;
}

/** Changes one, on the page alone: see `keep`. */
export function change(id: string, edit: (conversation: Conversation) => Partial<Conversation>): void {
  conversations.value = conversations.value.map((each) => (each.id === id ? { ...each, ...edit(each) } : each));
}

/** Changes its last message. */
export function changeLast(id: string, edit: Partial<Message>): void {
  change(id, ({ messages }) => ({
    messages: messages.map((each, index) => (index === messages.length - 1 ? { ...each, ...edit } : each)),
  }));
}

/** Writes one to the browser's store, as just used. */
export async function keep(id: string): Promise<void> {
  change(id, () => ({ updatedMs: Date.now() }));
  conversations.value = conversations.value.toSorted((a, b) => b.updatedMs - a.updatedMs);
  const conversation = conversations.value.find((each) => each.id === id);
  if (conversation !== undefined) await guarded(() => saveConversation(conversation));
}

/** Changes what shapes the next answers. */
export function changeSettings(edit: Partial<ChatSettings>): void {
  const conversation = current.value;
  if (conversation === undefined) {
    draftSettings.value = { ...draftSettings.value, ...edit };
    return;
  }
  change(conversation.id, ({ settings }) => ({ settings: { ...settings, ...edit } }));
  void keep(conversation.id);
}

/** Deletes one for good. */
export async function remove(id: string): Promise<void> {
  conversations.value = conversations.value.filter((each) => each.id !== id);
  if (route.value.conversation === id) location.hash = "#/";
  await guarded(() => deleteConversation(id));
}

async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    storeFault.value = null;
  } catch (error) {
    storeFault.value = `Conversations are not kept: ${messageOf(error)}`;
  }
}
