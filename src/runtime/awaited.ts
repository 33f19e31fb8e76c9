/** Answers that are waited for, each under the number of its question. */
import type { AppError } from "../core/errors.ts";

/** Questions of one kind. An answer that nobody waits for is heeded by nobody. */
export class Awaited<T> {
  private readonly waiting = new Map<number, PromiseWithResolvers<T>>();

  get size(): number {
    return this.waiting.size;
  }

  /** The answer, once it comes. Rejects as `refuse` and `refuseAll` say. */
  async to(question: number): Promise<T> {
    const answer = Promise.withResolvers<T>();
    this.waiting.set(question, answer);
    return answer.promise;
  }

  resolve(question: number, answer: T): void {
    this.take(question)?.resolve(answer);
  }

  refuse(question: number, error: AppError): void {
    this.take(question)?.reject(error);
  }

  /** Nobody is going to answer any more. */
  refuseAll(error: AppError): void {
    for (const question of this.waiting.keys()) this.refuse(question, error);
  }

  private take(question: number): PromiseWithResolvers<T> | undefined {
    const answer = this.waiting.get(question);
    this.waiting.delete(question);
    return answer;
  }
}
