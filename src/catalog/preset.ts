/** What a model.json gives a model to say and to run with. */
import type { ModelPreset } from "../core/model.ts";
import type { Manifest } from "./manifest.ts";

/** The preset of a manifest over the one it inherits: texts replace, parameters do so one by one, licenses add up. undefined where there is nothing in it. */
export function presetOf(manifest: Manifest, inherited?: ModelPreset): ModelPreset | undefined {
  const { system = "", messages = [], parameters = {}, license = [] } = manifest;
  const licenses = [...(inherited?.licenses ?? []), ...(typeof license === "string" ? [license] : license)].filter((text) => text !== "");
  const preset: ModelPreset = {
    system: system === "" ? (inherited?.system ?? "") : system,
    messages: messages.length === 0 ? (inherited?.messages ?? []) : messages,
    parameters: { ...inherited?.parameters, ...parameters },
    licenses: [...new Set(licenses)],
  };
  const isEmpty = preset.system === "" && preset.messages.length + preset.licenses.length + Object.keys(preset.parameters).length === 0;
  return isEmpty ? undefined : preset;
}
