/** Downloads of models that this page has asked for. */
import { signal } from "@preact/signals";
import { refreshModels } from "../models/models.ts";
import { ApiError, errorText, messageOf } from "../server/api-error.ts";
import { lineObjects } from "../server/lines.ts";
import { request } from "../server/request.ts";

/** One download. */
export interface Pull {
  readonly name: string;
  /** What is being done, in the server's words. */
  readonly doing: string;
  /** Bytes of the file that is being downloaded; undefined between files. */
  readonly completed: number | undefined;
  readonly total: number | undefined;
  readonly state: "running" | "done" | "failed" | "stopped";
  readonly stop: AbortController;
}

interface Progress {
  readonly status?: string;
  readonly completed?: number;
  readonly total?: number;
  readonly error?: unknown;
}

/** The newest first. */
export const pulls = signal<readonly Pull[]>([]);

/** Downloads a model. What had come when it was stopped is kept: the next try goes on from there. */
export async function pullModel(name: string): Promise<void> {
  const stop = new AbortController();
  const begun: Pull = { name, doing: "asking", completed: undefined, total: undefined, state: "running", stop };
  pulls.value = [begun, ...pulls.value.filter((each) => each.name !== name)];
  const set = (edit: Partial<Pull>): void => {
    pulls.value = pulls.value.map((each) => (each.stop === stop ? { ...each, ...edit } : each));
  };
  try {
    const response = await request("/api/pull", { body: { model: name, stream: true }, signal: stop.signal });
    for await (const progress of lineObjects<Progress>(response)) {
      if (progress.error !== undefined) throw new ApiError(errorText(progress) ?? "The download failed.", response.status);
      set({ doing: progress.status ?? "", completed: progress.completed, total: progress.total });
    }
    set({ state: "done", doing: "It is here.", completed: undefined, total: undefined });
  } catch (error) {
    set(
      stop.signal.aborted
        ? { state: "stopped", doing: "Stopped. The next try goes on from here." }
        : { state: "failed", doing: messageOf(error) },
    );
  }
  await refreshModels();
}
