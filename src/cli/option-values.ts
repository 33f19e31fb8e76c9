/** Options of a model as people write them: `PARAMETER temperature 0.5` in a Modelfile, `/set parameter` in a chat. */
import { didYouMean } from "../config/nearest.ts";
import { AppError } from "../core/errors.ts";

/** Ollama's options, and Mirostat's, which it had once and the runtime has. */
const KINDS: Readonly<Record<string, "whole" | "number" | "switch" | "texts">> = {
  num_predict: "whole",
  top_k: "whole",
  top_p: "number",
  min_p: "number",
  typical_p: "number",
  temperature: "number",
  repeat_penalty: "number",
  presence_penalty: "number",
  frequency_penalty: "number",
  repeat_last_n: "whole",
  seed: "whole",
  stop: "texts",
  num_ctx: "whole",
  num_keep: "whole",
  num_batch: "whole",
  num_gpu: "whole",
  main_gpu: "whole",
  num_thread: "whole",
  use_mmap: "switch",
  draft_num_predict: "whole",
  mirostat: "whole",
  mirostat_tau: "number",
  mirostat_eta: "number",
};

/** Their names, those first that people set most. */
export const OPTION_NAMES: readonly string[] = Object.keys(KINDS);

const EXPECTED = { whole: "a whole number", number: "a number", switch: "true or false", texts: "a text" };

/** The value that the texts stand for; of `stop` each text is one. Throws AppError invalid_request for unknown names and other kinds of value. */
export function optionValue(name: string, texts: readonly string[]): unknown {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined) throw new AppError("invalid_request", `unknown parameter '${name}'.${didYouMean(name, OPTION_NAMES)}`);
  if (kind === "texts") return texts;
  const text = texts.join(" ").trim();
  const value = valueOf(text, kind);
  if (value === undefined) throw new AppError("invalid_request", `${name}: ${JSON.stringify(text)} is not ${EXPECTED[kind]}.`);
  return value;
}

function valueOf(text: string, kind: "whole" | "number" | "switch"): unknown {
  if (kind === "switch") return text === "true" ? true : text === "false" ? false : undefined;
  const number = text === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) && (kind === "number" || Number.isInteger(number)) ? number : undefined;
}
