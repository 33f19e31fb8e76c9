/** Which model is opened for the one that was asked for: several that share weights take turns on one. */
import type { ModelDescriptor } from "../core/model.ts";

/** The model that is opened: the weights, and the template that their prompts are made with. Never one with an adapter. */
export function openedModel(model: ModelDescriptor): ModelDescriptor {
  return model.derived?.opens ?? model.adapted?.base ?? model;
}

/** Tells what is opened from all else that is: a template of its own needs a model of its own. */
export function openedKey(opened: ModelDescriptor): string {
  return opened.template === undefined ? opened.path : `${opened.path}\0${opened.template}`;
}
