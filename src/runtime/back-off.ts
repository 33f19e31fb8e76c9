/** Slows down what keeps failing, so that a model which crashes on loading does not keep the machine busy. */
import type { AppError } from "../core/errors.ts";

const FIRST_MS = 500;
const MAX_MS = 30_000;

/** Tells when something may be tried again. */
export class BackOff {
  private failures = 0;
  private last: AppError | null = null;
  private retryAtMs = 0;

  /** Throws the last failure while it is too early to try again. */
  check(): void {
    if (this.last !== null && performance.now() < this.retryAtMs) throw this.last;
  }

  failed(error: AppError): void {
    this.last = error;
    this.retryAtMs = performance.now() + Math.min(MAX_MS, FIRST_MS * 2 ** this.failures++);
  }

  succeeded(): void {
    this.failures = 0;
    this.last = null;
  }
}
