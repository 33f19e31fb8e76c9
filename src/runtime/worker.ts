/**
 * The Worker that owns one handle. It makes every native call but rkllm_abort, one after another, and is blocked while the
 * library works. It knows addresses and one handle: prompts are made and packed, and answers understood, elsewhere.
 */
import { AppError } from "../core/errors.ts";
import { RuntimeSession } from "./native/runtime-session.ts";
import type { WorkerCommand, WorkerEvent } from "./worker-protocol.ts";

declare const self: Worker;

let session: RuntimeSession | null = null;

// A handler must stay attached: a Worker with nothing to wait for would end while native threads still call back.
self.onmessage = (message: MessageEvent<WorkerCommand>) => {
  let event: WorkerEvent;
  try {
    event = obey(message.data);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    event = { kind: "failed", error: (thrown instanceof AppError ? thrown : new AppError("runtime_error", message)).toRecord() };
  }
  postMessage(event);
};

function obey(command: WorkerCommand): WorkerEvent {
  switch (command.kind) {
    case "init": {
      session = new RuntimeSession(command);
      return { kind: "initialized", ...session.init() };
    }
    case "run": {
      if (session === null) throw new Error("Broken invariant: a run comes after init");
      return { kind: "returned", run: command.run, code: session.run(command) };
    }
    case "embed": {
      if (session === null) throw new Error("Broken invariant: an embedding comes after init");
      return { kind: "returned", run: command.run, code: session.embed(command) };
    }
    case "load_prompt": {
      if (session === null) throw new Error("Broken invariant: a prompt is loaded after init");
      return { kind: "prompt_loaded", code: session.loadPrompt(command.path, command.adapter) };
    }
    case "destroy": {
      return { kind: "destroyed", code: session?.destroy() ?? 0 };
    }
  }
}
