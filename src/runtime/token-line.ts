/**
 * The gateway's end of the token line (TOKEN_LINE_FILE in protocol.ts): the text of tokens comes by it, everything else by events. The two are
 * put in order again here, so that whoever gets the events has all text of an answer before its end.
 */
import { createUtf8Assembly, type Utf8Assembly } from "../chat/utf8-assembly.ts";
import type { HostEvent } from "./protocol.ts";

const HEAD_BYTES = 8;
const NOTHING = new Uint8Array(0);
/** Nobody reads a thousand words a second: what comes faster than this for one answer is handed on in pieces, for a fraction of the work. */
const PIECE_MS = 2;

/** An answer that has not ended. */
interface Answer {
  readonly assembly: Utf8Assembly;
  /** Tokens that have come. */
  told: number;
  /** Of them, those that were not handed on yet, and their text. */
  fresh: number;
  text: string;
  /** When tokens were handed on last; performance.now(). */
  handedOnMs: number;
}

/** One host's. */
export class TokenLine {
  private readonly deliver: (event: HostEvent) => void;
  private readonly pieceMs: number;
  private readonly answers = new Map<number, Answer>();
  /** A frame that has not come whole. */
  private rest: Uint8Array = NOTHING;
  /** Events from the first on whose answer lacks tokens: the order of events is kept. */
  private waiting: HostEvent[] = [];
  private pieces: Timer | null = null;

  /**
   * @param deliver gets events in their order, text included
   * @param pieceMs from one event with an answer's text to the next at least, ms; its end is not held up
   */
  constructor(deliver: (event: HostEvent) => void, pieceMs: number = PIECE_MS) {
    this.deliver = deliver;
    this.pieceMs = pieceMs;
  }

  /** These are about to run. */
  begin(members: readonly { readonly promptId: number }[]): void {
    for (const { promptId } of members)
      this.answers.set(promptId, { assembly: createUtf8Assembly(), told: 0, fresh: 0, text: "", handedOnMs: -Infinity });
  }

  /** Bytes of the line, however they were cut. Those of one token and more for an answer become one event. */
  take(bytes: Uint8Array): void {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    let at = 0;
    while (all.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + wordAt(all, at + 4);
      if (end > all.length) break;
      this.note(wordAt(all, at), all, at + HEAD_BYTES, end);
      at = end;
    }
    // Copied: what was read into is used again.
    this.rest = at === all.length ? NOTHING : all.slice(at);
    const dueMs = performance.now() - this.pieceMs;
    for (const [promptId, answer] of this.answers) {
      if (answer.handedOnMs <= dueMs) this.handOn(promptId, answer);
      else if (answer.fresh > 0) this.pieces ??= setTimeout(() => this.flush(), this.pieceMs);
    }
    this.catchUp();
  }

  /** Hands on what is held back. */
  flush(): void {
    if (this.pieces !== null) clearTimeout(this.pieces);
    this.pieces = null;
    for (const [promptId, answer] of this.answers) this.handOn(promptId, answer);
  }

  /** An event of the host. */
  receive(event: HostEvent): void {
    if (this.waiting.length > 0 || this.lacksTokens(event)) this.waiting.push(event);
    else this.pass(event);
  }

  /** One that has ended early may still be told of. */
  private note(promptId: number, bytes: Uint8Array, from: number, to: number): void {
    const answer = this.answers.get(promptId);
    if (answer === undefined) return;
    answer.told++;
    answer.fresh++;
    answer.text += answer.assembly.push(bytes, from, to);
  }

  private handOn(promptId: number, answer: Answer): void {
    const { text, fresh: tokens } = answer;
    if (tokens === 0 && text === "") return;
    answer.fresh = 0;
    answer.text = "";
    answer.handedOnMs = performance.now();
    this.deliver({ kind: "text", promptId, text, tokens });
  }

  private catchUp(): void {
    while (this.waiting.length > 0) {
      const [event] = this.waiting;
      if (event === undefined || this.lacksTokens(event)) return;
      this.waiting.shift();
      this.pass(event);
    }
  }

  private lacksTokens(event: HostEvent): boolean {
    if (event.kind !== "ended" && event.kind !== "run_failed") return false;
    const answer = this.answers.get(event.promptId);
    return answer !== undefined && answer.told < (event.told ?? 0);
  }

  private pass(event: HostEvent): void {
    if (event.kind === "ended" || event.kind === "run_failed") this.finish(event.promptId);
    this.deliver(event);
  }

  /** What is left is a character that never became whole. */
  private finish(promptId: number): void {
    const answer = this.answers.get(promptId);
    if (answer === undefined) return;
    this.answers.delete(promptId);
    answer.text += answer.assembly.end();
    this.handOn(promptId, answer);
  }
}

/** The 32-bit number at a position, little-endian. A DataView costs as much as all else that is done with a token here. */
function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}
