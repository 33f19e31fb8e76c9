/** From a request to the one that the model's preset makes of it: what the client says goes before what the model brings. Pure. */
import { type ChatInput, type GenerationRequest, SAMPLING_NAMES, type SamplingOptions } from "../core/generation.ts";
import type { ModelPreset } from "../core/model.ts";

/** The request with the model's own words in front and its values where the client is silent. */
export function presetRequest(request: GenerationRequest, preset: ModelPreset | undefined): GenerationRequest {
  if (preset === undefined) return request;
  const { input } = request;
  const tokensMax = request.tokensMax ?? tokensMaxOf(preset);
  return {
    ...request,
    input: input.kind === "chat" ? { ...input, messages: withPresetMessages(input.messages, preset) } : input,
    sampling: { ...presetSampling(preset), ...request.sampling },
    ...(tokensMax === undefined ? {} : { tokensMax }),
    stop: request.stop.length > 0 ? request.stop : stopOf(preset),
  };
}

/** The context that a model may use of the one it is open with. */
export function contextTokensOf(openTokens: number, preset: ModelPreset | undefined): number {
  const wanted = preset?.parameters["num_ctx"];
  return typeof wanted === "number" ? Math.min(wanted, openTokens) : openTokens;
}

/** As Ollama does it: the model's system text stands in front unless the conversation begins with a system message. */
function withPresetMessages(messages: ChatInput["messages"], preset: ModelPreset): ChatInput["messages"] {
  const [first, ...others] = messages;
  if (first?.role === "system") return [first, ...preset.messages, ...others];
  const system = preset.system === "" ? [] : [{ role: "system" as const, content: preset.system }];
  return [...system, ...preset.messages, ...messages];
}

/** The sampling values of a preset. */
export function presetSampling({ parameters }: ModelPreset): SamplingOptions {
  const entries = Object.entries(SAMPLING_NAMES).map(([name, key]) => [name, parameters[key]] as const);
  return Object.fromEntries(entries.filter(([, value]) => typeof value === "number"));
}

function tokensMaxOf({ parameters }: ModelPreset): number | undefined {
  const wanted = parameters["num_predict"];
  return typeof wanted === "number" && wanted >= 0 ? wanted : undefined;
}

function stopOf({ parameters }: ModelPreset): readonly string[] {
  const stop = parameters["stop"];
  const texts: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  return texts.filter((text) => typeof text === "string" && text !== "") as string[];
}
