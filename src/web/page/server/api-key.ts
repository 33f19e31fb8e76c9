/**
 * The API key, for servers that want one. It is asked for when the server first refuses, and forgotten with the page unless the
 * person wants it kept in this browser.
 */
import { computed, signal } from "@preact/signals";

const STORED_AS = "rockchip-llama.key";

const key = signal(localStorage.getItem(STORED_AS) ?? "");

/** Why a key is being asked for; null while none is. */
export const keyQuestion = signal<string | null>(null);

let answered: PromiseWithResolvers<boolean> | undefined;

/** Headers that show the key. */
export function keyHeaders(): Record<string, string> {
  return key.value === "" ? {} : { authorization: `Bearer ${key.value}` };
}

/** Whether there is a key to forget. */
export const hasKey = computed(() => key.value !== "");

/** Asks for a key, once for all requests that want one. False: the person does not give one. */
export function askForKey(reason: string): Promise<boolean> {
  answered ??= Promise.withResolvers<boolean>();
  keyQuestion.value = reason;
  return answered.promise;
}

/** Takes the person's answer; null is none. */
export function answerKeyQuestion(given: string | null, remember: boolean): void {
  if (given !== null) {
    key.value = given;
    if (remember) localStorage.setItem(STORED_AS, given);
    else localStorage.removeItem(STORED_AS);
  }
  keyQuestion.value = null;
  answered?.resolve(given !== null);
  answered = undefined;
}

/** Forgets the key, here and in the browser's store. */
export function forgetKey(): void {
  key.value = "";
  localStorage.removeItem(STORED_AS);
}
