import { expect } from "bun:test";

/** What a promise is rejected with. `expect().rejects` cannot tell it of the clients' own kinds of promise, whose work begins with `then`. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("the promise was kept"),
    (thrown: unknown) => thrown,
  );
}
