/** Names of models as Ollama's clients write them: `[host/][namespace/]model[:tag]`, where everything but the model has a default. */
import { AppError } from "../../core/errors.ts";

const HOST = "registry.ollama.ai";
const NAMESPACE = "library";
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** Tags that mean nothing here: Ollama's default tag, and its way to say "not in the cloud". */
const EMPTY_TAG = /:(?:latest|local)$/i;
const LOCAL = /:local(?=:|$)/i;
const CLOUD = /:(?:[^:/]*-)?cloud(?=:|$)/i;
/** Parts of a name. A plus stands between a model and its adapter. */
const PART = /^\w[\w.+-]{0,79}$/;
const NAMESPACE_PART = /^\w[\w+-]{0,79}$/;
const HOST_PART = /^\w[\w.:-]{0,349}$/;

/** The name without what is the default, as the catalog may know it. Throws AppError invalid_request, and forbidden for a name of the cloud. */
export function lookupName(model: string): string {
  const name = model.trim().replace(SCHEME, "");
  if (CLOUD.test(name)) {
    if (LOCAL.test(name)) {
      throw new AppError("invalid_request", `use either :local or :cloud, not both: ${quotedName(model)}`, {
        details: { field: "model", fault: "value" },
      });
    }
    throw new AppError("forbidden", `ollama cloud is disabled: ${quotedName(model)} does not run on this machine`);
  }
  const ofHost = withoutPrefix(name, `${HOST}/`);
  return withoutPrefix(ofHost, `${NAMESPACE}/`).replace(LOCAL, "").replace(EMPTY_TAG, "");
}

function withoutPrefix(name: string, prefix: string): string {
  return name.toLowerCase().startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Longer ones are cut in messages; no name has so many characters. */
const QUOTED_LENGTH_MAX = 200;

/** A client's name as it stands in a message of Ollama's. */
export function quotedName(model: string): string {
  return JSON.stringify(model.length > QUOTED_LENGTH_MAX ? `${model.slice(0, QUOTED_LENGTH_MAX)}…` : model);
}

/** The name with its tag: `qwen3:latest`. */
export function taggedName(model: string): string {
  const name = model.trim();
  return name.lastIndexOf(":") > name.lastIndexOf("/") ? name : `${name}:latest`;
}

/** The name with everything that it leaves out: `registry.ollama.ai/library/qwen3:latest`. */
export function expandedName(model: string): string {
  const name = taggedName(model).replace(SCHEME, "");
  const parts = name.split("/").length;
  if (parts > 2) return name;
  return parts === 2 ? `${HOST}/${name}` : `${HOST}/${NAMESPACE}/${name}`;
}

/** Whether a name can be one at all. */
export function isModelName(model: string): boolean {
  const written = model.trim().replace(SCHEME, "").replace(LOCAL, "");
  const [last = "", namespace = NAMESPACE, host = HOST, ...others] = written.split("/").toReversed();
  const [name = "", tag = "latest", ...tags] = last.split(":");
  const parts = [name, tag].every((part) => PART.test(part));
  return parts && NAMESPACE_PART.test(namespace) && HOST_PART.test(host) && others.length === 0 && tags.length === 0;
}
