/** What is remembered of a response, so that a later request can go on from it, and the port behind which it is kept. */

/** A JSON object that is kept as it is. */
export type StoredObject = Readonly<Record<string, unknown>>;

/** A part of a conversation: a message, a thought, a call, a result. */
export type StoredItem = StoredObject & { readonly id: string };

/** One response with what led to it. */
export interface StoredResponse {
  readonly id: string;
  /** Whose it is; nobody else finds it. "" where the server knows no callers. */
  readonly owner: string;
  /** The response it goes on from. */
  readonly previousId: string | null;
  /** The object that was sent, with an empty `output`. */
  readonly object: StoredObject;
  /** What its own request added to the conversation. */
  readonly input: readonly StoredItem[];
  readonly output: readonly StoredItem[];
}

/**
 * Keeps responses, within bounds: the oldest go first. No method throws. What cannot be written is not kept, and what cannot be read is
 * not found; the operator is told.
 */
export interface ResponseStore {
  /** false where nothing is ever kept. */
  readonly keeps: boolean;
  save(response: StoredResponse): void;
  find(id: string, owner: string): StoredResponse | null;
  /** Whether there was one to remove. */
  remove(id: string, owner: string): boolean;
  /** An item of any response; what a model wrote goes before copies that clients sent. */
  findItem(id: string, owner: string): StoredItem | null;
  /**
   * The whole conversation up to a response and with it, oldest item first. null where a part of it is no longer kept. It ends soon after
   * `itemsMax` items, so that a caller can tell that there are more.
   */
  conversation(id: string, owner: string, itemsMax: number): readonly StoredItem[] | null;
  close(): void;
}
