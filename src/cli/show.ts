/** The `show` command: what is known of a model. */
import { AppError } from "../core/errors.ts";
import { connect } from "./client/connect.ts";
import type { ShownModel } from "./client/replies.ts";
import type { CommandContext } from "./command-context.ts";
import { modelOverview } from "./model-overview.ts";
import { textFor } from "./terminal.ts";

const PARTS = ["license", "modelfile", "parameters", "system", "template"] as const;

/** Prints all of it, or one part. @returns the exit status 0. Throws AppError not_found, config_invalid. */
export async function showCommand({ words: [model = ""], flags, loaded, environment, out }: CommandContext): Promise<number> {
  const parts = PARTS.filter((part) => part in flags);
  if (parts.length > 1) throw new AppError("config_invalid", `Only one of ${PARTS.map((part) => `--${part}`).join(", ")} can be given.`);
  await using connection = await connect(loaded, environment);
  const verbose = "verbose" in flags;
  const shown = await connection.client.post<ShownModel>("/api/show", { model, ...(verbose ? { verbose } : {}) });
  if ("json" in flags) out.write(`${JSON.stringify(shown, null, 2)}\n`);
  else if (parts[0] !== undefined) out.write(textFor(out, lineEnded(shown[parts[0]] ?? "")));
  else out.write(textFor(out, `${modelOverview(shown, verbose)}\n\n`));
  return 0;
}

function lineEnded(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
