/** Conversations in this browser's IndexedDB. Nothing of them is kept on the server. */
import type { Conversation } from "./conversation.ts";

const DATABASE = "rockchip-llama";
const STORE = "conversations";

/** As many are kept; those unused for longest go first. */
export const CONVERSATIONS_MAX = 500;

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  return (opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("The browser keeps nothing for this page."));
  }));
}

async function work<T>(mode: IDBTransactionMode, start: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await open()).transaction(STORE, mode);
  const request = start(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? new Error("The browser could not keep the conversation."));
  });
}

/** All of them, the last used first; those beyond the limit are deleted. */
export async function loadConversations(): Promise<Conversation[]> {
  const all = await work<Conversation[]>("readonly", (store) => store.getAll() as IDBRequest<Conversation[]>);
  all.sort((a, b) => b.updatedMs - a.updatedMs);
  for (const { id } of all.slice(CONVERSATIONS_MAX)) await deleteConversation(id);
  return all.slice(0, CONVERSATIONS_MAX);
}

/** Keeps one. Rejects where the browser has no room. */
export async function saveConversation(conversation: Conversation): Promise<void> {
  await work("readwrite", (store) => store.put(conversation));
}

/** Deletes one. */
export async function deleteConversation(id: string): Promise<void> {
  await work("readwrite", (store) => store.delete(id));
}
