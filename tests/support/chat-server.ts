/** A whole server on real models, in a process of its own, and what tests of clients ask of it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ServerProcess, startServer } from "./server-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const ROOT = join(import.meta.dir, "../..");
const SMOLLM2_DIR = join(ROOT, "models/smollm2-135m-instruct");

/** The built-in model, and SmolLM2 where `bun run fetch:smollm2` has fetched it. What SmolLM2 says is not asserted, only its form. */
export const CHAT_MODELS = ["tiny-chat", ...(existsSync(SMOLLM2_DIR) ? ["smollm2-135m"] : [])];

/** Arguments of a function that the built-in model has learnt to call: `get_weather`, described by WEATHER_ABOUT. */
export const WEATHER_PARAMETERS = { type: "object" as const, properties: { city: { type: "string" as const } }, required: ["city"] };
export const WEATHER_ABOUT = "Get the current weather in a city.";
export const WEATHER_QUESTION = "What is the weather in Oslo?";
/** What the function returns: tests look for 18 and rainy in the answer. */
export const WEATHER_RESULT = '{"temperature": 18, "condition": "rainy"}';

/** Starts a server with CHAT_MODELS. What it remembers is gone after the tests. */
export async function startChatServer(): Promise<ServerProcess> {
  const command = [process.execPath, join(ROOT, "src/main.ts"), "serve", "--port", "0", "--cache-dir", temporaryFolder()];
  const models = existsSync(SMOLLM2_DIR) ? ["--models-dir", SMOLLM2_DIR] : [];
  return startServer([...command, ...models], { cwd: temporaryFolder() });
}
