/** What is known of an API key. Nobody but its owner has the key itself. */

/** A key that may use the server. */
export interface ApiKey {
  /** Who it was made for; it stands in the log. */
  readonly name: string;
  /** SHA-256 of the key, 32 bytes. */
  readonly sha256: Uint8Array;
}

/** The keys of this moment: they may change while the server runs. */
export interface ApiKeySource {
  /** Asked at every request, so it is quick. Never throws. */
  current(this: void): readonly ApiKey[];
}
