/**
 * Which of several slots a conversation goes to. What a slot's KV cache holds is worth most to the conversation that left it there, which is
 * known again by how it begins: every turn of a chat brings all turns before it.
 */
import type { ChatMessage, GenerationRequest } from "../core/generation.ts";

/** Conversations remembered for each slot: more than a KV cache and a disk are likely to hold. */
const REMEMBERED_MAX = 64;
/** A conversation waits behind so many requests more than elsewhere before it goes elsewhere. */
const DETOUR_MAX = 1;

/** A place to run, as far as it matters here. */
export interface Candidate {
  /** Requests that run or wait there. */
  readonly load: number;
}

/**
 * A conversation's beginnings: a hash for each message with all before it. None where there is no conversation; a system message alone is
 * none, as many begin with the same.
 */
export function beginningsOf({ input, model }: Pick<GenerationRequest, "input" | "model">): readonly string[] {
  if (input.kind !== "chat") return [];
  let hash = Bun.hash(JSON.stringify([model, input.tools]));
  const hashes = input.messages.map((message) => {
    hash = Bun.hash(messageText(message), hash);
    return hash.toString(36);
  });
  const first = input.messages.findIndex(({ role }) => role !== "system");
  return first < 0 ? [] : hashes.slice(first);
}

/** Thoughts are left out: clients send them back or not. */
function messageText({ role, content, toolCalls, toolCallId }: ChatMessage): string {
  return JSON.stringify([role, content, toolCalls?.map(({ name, arguments: given }) => [name, given]), toolCallId]);
}

/** What each slot has had lately. */
export class Affinity {
  /** By slot: the last beginning of each conversation, oldest first. */
  private readonly seen: readonly Set<string>[];

  /** @param slots how many there are */
  constructor(slots: number) {
    this.seen = Array.from({ length: slots }, () => new Set());
  }

  /** The slot for a conversation: the one that had most of it, unless there are too many others before it there; else the one with the least to do. */
  choose(beginnings: readonly string[], candidates: readonly Candidate[]): number {
    const least = candidates.reduce((best, { load }, index) => (load < (candidates[best]?.load ?? Infinity) ? index : best), 0);
    const home = this.homeOf(beginnings);
    const detour = home === null ? Infinity : (candidates[home]?.load ?? Infinity) - (candidates[least]?.load ?? 0);
    const chosen = home !== null && detour <= DETOUR_MAX ? home : least;
    this.remember(beginnings, chosen);
    return chosen;
  }

  private homeOf(beginnings: readonly string[]): number | null {
    for (const beginning of beginnings.toReversed()) {
      const home = this.seen.findIndex((slot) => slot.has(beginning));
      if (home >= 0) return home;
    }
    return null;
  }

  private remember(beginnings: readonly string[], slot: number): void {
    const last = beginnings.at(-1);
    const seen = this.seen[slot];
    if (last === undefined || seen === undefined) return;
    seen.delete(last);
    seen.add(last);
    const [oldest] = seen;
    if (seen.size > REMEMBERED_MAX && oldest !== undefined) seen.delete(oldest);
  }
}
