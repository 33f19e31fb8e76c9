/**
 * Whether it pays to keep a prompt on disk, and to read it back. Both cost time that somebody waits for, so both are decided from what the machine
 * was measured to do: how long a token of prefill takes, and a byte of the file. Pure.
 */
import { type CacheRates, KEPT_TOKENS_MIN, type MeasuredRates } from "../core/prompt-cache.ts";

/**
 * A machine that nothing was measured on yet is taken for an RK3588 with a model of 0.6B (Rockchip's table), and an eMMC: 200 MB/s read,
 * 100 MB/s written.
 */
const UNMEASURED: Omit<CacheRates, "bytesPerToken"> = { prefillMsPerToken: 1.5, readMsPerByte: 5e-6, writeMsPerByte: 1e-5 };

/** Estimates are rough: what is gained has to be well above what it costs. */
const GAIN_FACTOR = 1.5;
/** A conversation that has not come back yet may never: keeping it has to be worth more. */
const NEW_CHAT_MS_MIN = 250;

/** What an eviction would lose. */
export interface Evicted {
  /** Tokens that the KV cache holds. */
  readonly tokens: number;
  /** Of these, those that the next prompt needs too. */
  readonly shared: number;
  /** Of these, those that a file holds already. */
  readonly kept: number;
  /** The conversation has come back at least once. */
  readonly returned: boolean;
}

/** Whether a sequence should be written to a file before its place is taken. */
export function worthSaving({ tokens, shared, kept, returned }: Evicted, rates: CacheRates): boolean {
  const lost = tokens - Math.max(shared, kept);
  if (lost < KEPT_TOKENS_MIN) return false;
  const bytes = tokens * rates.bytesPerToken;
  const computeMs = lost * rates.prefillMsPerToken;
  if (!returned && computeMs < NEW_CHAT_MS_MIN) return false;
  return computeMs > GAIN_FACTOR * bytes * rates.readMsPerByte && computeMs > bytes * rates.writeMsPerByte;
}

/** What reading a file gains, ms; 0 or less: nothing. */
export function gainOfLoading(file: { readonly tokens: number; readonly bytes: number }, held: number, rates: CacheRates): number {
  const tokens = file.tokens - held;
  if (tokens < KEPT_TOKENS_MIN) return 0;
  const readMs = file.bytes * rates.readMsPerByte;
  const computeMs = tokens * rates.prefillMsPerToken;
  return computeMs > GAIN_FACTOR * readMs ? computeMs - readMs : 0;
}

/** Whether a prompt is long enough for a file to be looked for. */
export function worthFinding(tokens: number, held: number): boolean {
  return tokens - held >= KEPT_TOKENS_MIN;
}

/** What the newest figure counts for. */
const NEWEST_SHARE = 0.3;

/** A figure that is measured again and again. */
export class Measured {
  private average: number | null = null;
  private readonly unmeasured: number;

  /** @param before what was measured earlier; it may be no good figure */
  constructor(unmeasured: number, before: number | null = null) {
    this.unmeasured = unmeasured;
    if (before !== null) this.note(before);
  }

  get value(): number {
    return this.average ?? this.unmeasured;
  }

  get measured(): number | null {
    return this.average;
  }

  /** What was measured counts for less. */
  doubt(): void {
    if (this.average !== null) this.note(this.unmeasured);
  }

  note(value: number): void {
    if (Number.isFinite(value) && value > 0)
      this.average = this.average === null ? value : this.average + NEWEST_SHARE * (value - this.average);
  }
}

/** What was measured lately. */
export class RatesMeter {
  readonly prefill: Measured;
  readonly read: Measured;
  readonly write: Measured;
  readonly perToken: Measured;

  /** @param bytesPerToken an estimate, until a file has been written. @param before what was measured earlier */
  constructor(bytesPerToken: number, before: MeasuredRates | null) {
    this.prefill = new Measured(UNMEASURED.prefillMsPerToken, before?.prefillMsPerToken);
    this.read = new Measured(UNMEASURED.readMsPerByte, before?.readMsPerByte);
    this.write = new Measured(UNMEASURED.writeMsPerByte, before?.writeMsPerByte);
    this.perToken = new Measured(bytesPerToken, before?.bytesPerToken);
    // What is slow is not used, and so not measured any more: each opening takes some of that back, or one bad day of a disk would be for ever.
    for (const storage of [this.read, this.write]) storage.doubt();
  }

  get rates(): CacheRates {
    return {
      prefillMsPerToken: this.prefill.value,
      readMsPerByte: this.read.value,
      writeMsPerByte: this.write.value,
      bytesPerToken: this.perToken.value,
    };
  }

  get measured(): MeasuredRates {
    return {
      prefillMsPerToken: this.prefill.measured,
      readMsPerByte: this.read.measured,
      writeMsPerByte: this.write.measured,
      bytesPerToken: this.perToken.measured,
    };
  }
}
