/** The `stop` command: has the server unload a model. */
import { AppError } from "../core/errors.ts";
import { connectToRunning } from "./client/connect.ts";
import type { CommandContext } from "./command-context.ts";

/** Unloads it; one that is not loaded stays so. @returns the exit status 0. Throws AppError not_found for no server and no such model. */
export async function stopCommand({ words: [model = ""], flags, loaded, out }: CommandContext): Promise<number> {
  await using connection = await connectToRunning(loaded);
  try {
    await connection.client.post("/api/generate", { model, keep_alive: 0 });
  } catch (thrown) {
    const { code, message } = AppError.from(thrown);
    if (code !== "not_found" || !message.startsWith("model ")) throw thrown;
    throw new AppError(code, `couldn't find model ${JSON.stringify(model)} to stop: ${message}`, { cause: thrown });
  }
  if ("json" in flags) out.write(`${JSON.stringify({ stopped: model })}\n`);
  return 0;
}
