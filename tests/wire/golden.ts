/** Expected bytes lie in text files, so that a reviewer sees what a client would see. */
import { expect } from "bun:test";
import { join } from "node:path";
import type { Framing, StreamEncoder } from "../../src/api/dialect.ts";
import { FrameWriter } from "../../src/api/framing/frame-writer.ts";
import type { GenerationEvent } from "../../src/core/generation.ts";

/** Everything a stream that ends well puts on the wire. */
export function streamText(framing: Framing, encoder: StreamEncoder, events: readonly GenerationEvent[]): string {
  return new FrameWriter(framing).write([...encoder.open(0), ...events.flatMap((event) => encoder.event(event, 0))]) + framing.end;
}

/** Compares with a file of `fixtures/`. */
export async function expectGolden(name: string, text: string): Promise<void> {
  expect(text).toBe(await Bun.file(join(import.meta.dir, "fixtures", name)).text());
}

/** One line for each object of a reply that is not streamed. */
export function jsonText(object: unknown): string {
  return `${JSON.stringify(object, null, 2)}\n`;
}
