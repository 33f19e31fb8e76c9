/** What tests of Residency are made of: values that note what happens to them, and a clock that is moved by hand. */
import type { ResidencyLimits } from "../../src/scheduler/residency.ts";
import type { Clock, Closable, Wanted } from "../../src/scheduler/resident.ts";

export const never = () => new AbortController().signal;

/** A wish for a value of one byte. */
export const wanted = <T>(key: string, load: (signal: AbortSignal) => Promise<T>, edition = "1"): Wanted<T> => ({
  key,
  name: key,
  client: "somebody",
  edition,
  memoryBytes: 1,
  load,
});

/** One place, no end of memory, and nothing that leaves by itself. */
export const limits = (change: Partial<ResidencyLimits> = {}): ResidencyLimits => ({
  countMax: 1,
  keepAliveMs: Infinity,
  waitingMax: 8,
  waitMaxMs: Infinity,
  memory: { budgetBytes: () => null, availableBytes: () => null },
  ...change,
});

export interface Named extends Closable {
  readonly name: string;
}

/** Loads values that say what happened to them. */
export function loader() {
  const events: string[] = [];
  const load = (name: string) => async () => {
    events.push(`load ${name}`);
    return {
      name,
      close: async () => {
        events.push(`close ${name}`);
      },
    };
  };
  return { events, load };
}

/** A clock that stands still until it is moved. */
export function handClock() {
  let nowMs = 0;
  let steadyMs = 0;
  let timers: { atMs: number; readonly call: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    steadyMs: () => steadyMs,
    after: (delayMs, call) => {
      const timer = { atMs: nowMs + delayMs, call };
      timers.push(timer);
      return () => void (timers = timers.filter((each) => each !== timer));
    },
  };
  const advance = (ms: number) => {
    nowMs += ms;
    steadyMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter((each) => !due.includes(each));
    for (const { call } of due) call();
  };
  /** Somebody sets it: no time has passed. */
  const set = (ms: number) => {
    nowMs += ms;
    for (const timer of timers) timer.atMs += ms;
  };
  return { clock, advance, set };
}
