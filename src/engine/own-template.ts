/** A template that a client gives a model, as the Jinja that will be run; Go templates are understood where they only spell known turns. */
import { isGoTemplate } from "../catalog/go-template.ts";
import { builtinSourceFor, TURN_MARKERS } from "../chat/builtin-templates.ts";
import { checkChatTemplate } from "../chat/template.ts";
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { readChatTemplate } from "./model-template.ts";

const TEMPLATE_LENGTH_MAX = 256 * 1024;
/** The Go template that adds nothing to what the user says, and the same in Jinja. */
const GO_PROMPT_ONLY = /^\{\{-?\s*\.Prompt\s*-?\}\}$/;
const PROMPT_ONLY = "{% for message in messages %}{{ message['content'] }}{% endfor %}";

function refuse(message: string): never {
  throw new AppError("invalid_request", message, { details: { field: "template", fault: "value" } });
}

/**
 * The template to keep; undefined where the model does without, because there is none or it is the model's own.
 * @param parent The model that the new one is made of; null for one that is made of files.
 * @throws AppError invalid_request for a template that cannot be run, model_file_invalid for a damaged model
 */
export async function ownTemplate(text: string, parent: ModelDescriptor | null): Promise<string | undefined> {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (text.length > TEMPLATE_LENGTH_MAX) refuse(`The template has more than ${TEMPLATE_LENGTH_MAX} characters.`);
  const own = parent === null ? undefined : (await readChatTemplate(parent))?.text;
  if (trimmed === own?.trim()) return undefined;
  if (isGoTemplate(trimmed)) return fromGo(trimmed, own);
  try {
    checkChatTemplate(text);
  } catch (thrown) {
    refuse(`The template cannot be read: ${AppError.from(thrown).message}`);
  }
  return text;
}

/** A model whose own template has the same turns needs no other. */
function fromGo(text: string, own: string | undefined): string | undefined {
  if (GO_PROMPT_ONLY.test(text)) return PROMPT_ONLY;
  const markers = TURN_MARKERS.filter((marker) => text.includes(marker));
  const source = builtinSourceFor("", { controlTokens: markers });
  const isKnown = markers.length > 0 && source !== builtinSourceFor("", { controlTokens: ["no marker"] });
  if (isKnown) return own !== undefined && markers.every((marker) => own.includes(marker)) ? undefined : source;
  return refuse("This is a Go template, which is not run here. Write it in Jinja, or leave it out: the model has its own.");
}
