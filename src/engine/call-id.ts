/** Names of calls. */

/** Unique for ever: clients keep their history by it. */
export function newCallId(): string {
  return `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}
