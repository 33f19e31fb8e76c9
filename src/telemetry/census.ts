/** The work that is going on: who waits, who runs, and how much of their contexts they fill. */
import type { ModelState } from "./server-state.ts";
import type { Work } from "./work.ts";

/** How many wait for their model or their turn, and how many have it. */
export interface Count {
  waiting: number;
  running: number;
}

/** Work between the moment its model was found and its end. */
export class Census {
  private readonly going = new Set<Work>();

  add(work: Work): void {
    this.going.add(work);
  }

  remove(work: Work): void {
    this.going.delete(work);
  }

  total(): Count {
    return this.count(() => true);
  }

  /** Of the models that are asked for, by the id of what is loaded for them; idle ones are left out. */
  byModel(): ReadonlyMap<string, Count> {
    const models = new Set([...this.going].map(({ baseModel }) => baseModel ?? ""));
    return new Map([...models].map((model) => [model, this.count(({ baseModel }) => baseModel === model)]));
  }

  /** Models with adapters of which work runs, and of which it only waits. */
  adapters(): { readonly running: readonly string[]; readonly waiting: readonly string[] } {
    const of = (granted: boolean) =>
      new Set([...this.going].flatMap(({ adapter, grantedMs }) => (adapter !== null && (grantedMs !== null) === granted ? [adapter] : [])));
    const running = of(true);
    return { running: [...running].sort(), waiting: [...of(false)].filter((adapter) => !running.has(adapter)).sort() };
  }

  /** Tokens of the prompts and answers that run on a model. */
  contextTokens(baseModel: string): number {
    let tokens = 0;
    for (const work of this.going) {
      if (work.baseModel === baseModel && work.grantedMs !== null) tokens += work.promptTokens + work.generatedTokens;
    }
    return tokens;
  }

  private count(counts: (work: Work) => boolean): Count {
    const total: Count = { waiting: 0, running: 0 };
    for (const work of this.going) if (counts(work)) total[work.grantedMs === null ? "waiting" : "running"] += 1;
    return total;
  }
}

/** What a loaded model can hold. */
type Room = Pick<ModelState, "slots" | "lanes" | "contextTokens">;

/** Tokens that fit into all contexts of a loaded model. */
export function contextRoom({ slots, lanes, contextTokens }: Room): number {
  return slots * lanes * contextTokens;
}

/** Part of its contexts that is filled, 0 to 1. */
export function contextUsed(tokens: number, model: Room): number {
  const room = contextRoom(model);
  return room === 0 ? 0 : Math.min(1, tokens / room);
}
