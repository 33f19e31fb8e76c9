/** A model library that does what a test tells it to, and notes what it was asked. */
import type { ModelLibrary, OnLibraryProgress } from "../../src/core/model-library.ts";

export interface LibraryScript {
  /** What create and pull report and do. */
  readonly work?: (onProgress: OnLibraryProgress, signal: AbortSignal) => Promise<void>;
  /** What copy, remove, hasBlob and putBlob are refused with. */
  readonly refusal?: Error;
  readonly blobs?: readonly string[];
}

export interface ScriptedLibrary extends ModelLibrary {
  /** Every call: its name, and what it was given. */
  readonly calls: (readonly unknown[])[];
}

export function scriptedLibrary(script: LibraryScript = {}): ScriptedLibrary {
  const calls: (readonly unknown[])[] = [];
  const work = script.work ?? (async (onProgress) => onProgress({ status: "success" }));
  const note = (...call: readonly unknown[]): void => {
    calls.push(call);
    if (script.refusal !== undefined) throw script.refusal;
  };
  return {
    calls,
    create: async (recipe, onProgress, signal) => {
      calls.push(["create", recipe]);
      await work(onProgress, signal);
    },
    pull: async (name, onProgress, signal) => {
      calls.push(["pull", name]);
      await work(onProgress, signal);
    },
    copy: async (source, destination) => note("copy", source, destination),
    remove: async (name) => note("remove", name),
    hasBlob: async (digest) => {
      note("hasBlob", digest);
      return script.blobs?.includes(digest) === true;
    },
    putBlob: async (digest, body, bytes) => {
      let text = "";
      for await (const chunk of body) text += new TextDecoder().decode(chunk);
      note("putBlob", digest, text, bytes);
      return script.blobs?.includes(digest) !== true;
    },
  };
}
