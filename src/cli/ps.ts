/** The `ps` command: what the server has loaded. */
import { formatBytes } from "../core/byte-size.ts";
import { alignedLines } from "./aligned-lines.ts";
import { connectToRunning } from "./client/connect.ts";
import type { RunningModel } from "./client/replies.ts";
import type { CommandContext } from "./command-context.ts";
import { ID_LENGTH } from "./model-table.ts";
import { relativeTime } from "./relative-time.ts";
import { textFor } from "./terminal.ts";

/** Prints the loaded models. @returns the exit status 0. Throws AppError not_found where no server runs. */
export async function psCommand({ flags, loaded, out }: CommandContext): Promise<number> {
  await using connection = await connectToRunning(loaded);
  const reply = await connection.client.get<{ readonly models: readonly RunningModel[] }>("/api/ps");
  const text = "json" in flags ? JSON.stringify(reply, null, 2) : textFor(out, runningTable(reply.models, Date.now()));
  out.write(`${text}\n`);
  return 0;
}

/** A table for people, in Ollama's columns. */
export function runningTable(models: readonly RunningModel[], nowMs: number): string {
  const rows = models.map((model) => [
    model.name,
    model.digest.slice(0, ID_LENGTH),
    formatBytes(model.size),
    processorOf(model),
    model.context_length === undefined ? "-" : String(model.context_length),
    Date.parse(model.expires_at) < nowMs ? "Stopping..." : relativeTime(model.expires_at, nowMs),
  ]);
  return alignedLines([["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"], ...rows]).join("\n");
}

/** What computes: `100% NPU`, `100% CPU`; of another server's models also a share, as Ollama tells it. */
function processorOf({ size, size_vram: accelerated, details }: RunningModel): string {
  const accelerator = details?.format === "rkllm" ? "NPU" : "GPU";
  if (accelerated === 0) return "100% CPU";
  if (accelerated >= size) return `100% ${accelerator}`;
  const cpu = Math.round(((size - accelerated) / size) * 100);
  return `${cpu}%/${100 - cpu}% CPU/${accelerator}`;
}
