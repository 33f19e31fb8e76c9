/** How long loading takes, as measured: for those who come while a model is loaded and find no place. */

/** What is loaded. */
export interface Load {
  readonly key: string;
  readonly edition: string;
  /** What it takes, by estimate. */
  readonly memoryBytes: number;
}

/** What the newest loadings took. */
export class LoadTimes {
  private readonly newest = new Map<string, { readonly edition: string; readonly ms: number }>();
  /** Of the newest of all; null: there was none. */
  private msPerByte: number | null = null;

  note({ key, edition, memoryBytes }: Load, ms: number): void {
    this.newest.set(key, { edition, ms });
    this.msPerByte = ms / memoryBytes;
  }

  /** How long it still takes when it has been going on for `sinceMs`: as long as the same one took, or by its size. ms; null where nothing tells. */
  leftMs({ key, edition, memoryBytes }: Load, sinceMs: number): number | null {
    const own = this.newest.get(key);
    const wholeMs = own?.edition === edition ? own.ms : this.msPerByte === null ? null : this.msPerByte * memoryBytes;
    return wholeMs === null || sinceMs >= wholeMs ? null : wholeMs - sinceMs;
  }
}
