/** Answers of an engine, read and played. */
import type { GenerationEvent } from "../../src/core/generation.ts";
import type { Generation } from "../../src/engine/engine.ts";

/** All events of an answer. Rejects with what ended it. */
export async function eventsOf(generation: Pick<Generation, "read">): Promise<GenerationEvent[]> {
  const all: GenerationEvent[] = [];
  await generation.read((events) => void all.push(...events));
  return all;
}

/** An answer that gives these events as they come, from when it is read. */
export function readable(events: AsyncIterable<GenerationEvent>): Pick<Generation, "read"> {
  return {
    read: async (reader) => {
      for await (const event of events) reader([event]);
    },
  };
}
