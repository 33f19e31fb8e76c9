/**
 * The `context` of /api/generate: what a client sends back to go on with a conversation. To clients it is a list of numbers that means
 * something to the server alone. Here it is the conversation itself, as text in numbers, because token ids could not be read back into
 * turns, and thoughts and calls could not be told from words.
 */
import { AppError } from "../../core/errors.ts";
import type { ChatMessage, ChatRole } from "../../core/generation.ts";

/** First number: no token id of any vocabulary is so large. The second is the text's length in bytes. */
const MARK = 0x5243_4c01;
/** Bytes in one number. */
const PACKED_BYTES = 3;
const ROLES: readonly ChatRole[] = ["system", "user", "assistant"];

/** A turn as it is packed: the place of its role in `ROLES`, and its text. */
type PackedTurn = readonly [role: number, content: string];

/** A conversation of texts as numbers. */
export function packContext(messages: readonly ChatMessage[]): number[] {
  const turns = messages.map(({ role, content }): PackedTurn => [ROLES.indexOf(role), content]);
  const bytes = new TextEncoder().encode(JSON.stringify(turns));
  const numbers = [MARK, bytes.length];
  for (let at = 0; at < bytes.length; at += PACKED_BYTES) {
    numbers.push(((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0));
  }
  return numbers;
}

/** The conversation in a client's `context`. Throws AppError invalid_request for numbers of another origin. */
export function unpackContext(numbers: readonly number[]): ChatMessage[] {
  const [mark, length = 0, ...packed] = numbers;
  if (mark !== MARK || Math.ceil(length / PACKED_BYTES) !== packed.length) throw foreign();
  const bytes = new Uint8Array(packed.length * PACKED_BYTES);
  for (const [index, number] of packed.entries()) bytes.set([number >> 16, number >> 8, number], index * PACKED_BYTES);
  return turnsOf(bytes.subarray(0, length)).map(([role, content]) => ({ role: ROLES[role] ?? "user", content }));
}

function turnsOf(bytes: Uint8Array): readonly PackedTurn[] {
  let turns: unknown;
  try {
    turns = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw foreign();
  }
  if (!Array.isArray(turns) || !turns.every(isTurn)) throw foreign();
  return turns;
}

function isTurn(turn: unknown): turn is PackedTurn {
  return Array.isArray(turn) && turn.length === 2 && typeof turn[0] === "number" && turn[0] in ROLES && typeof turn[1] === "string";
}

function foreign(): AppError {
  return new AppError("invalid_request", '"context" is not from an answer of this server. Send the conversation to /api/chat.', {
    details: { field: "context", fault: "value" },
  });
}
