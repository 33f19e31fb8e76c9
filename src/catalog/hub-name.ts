/** Names by which a client that is not this machine's owner may have a model pulled: those of the hub, no files and no links to elsewhere. */
import { AppError } from "../core/errors.ts";
import { parsePullSource } from "./pull-source.ts";
import { findShortName } from "./short-names.ts";

/** The name in a form that `pull` takes for nothing else. Throws AppError invalid_request. */
export function hubName(name: string, endpoint: URL): string {
  if (findShortName(name) !== null) return name;
  const source = parsePullSource(name, endpoint, () => false);
  if (source.kind !== "hub") {
    throw new AppError(
      "invalid_request",
      `Only models of the hub can be pulled over the API. Use "rockchip-llama pull" on the machine itself.`,
    );
  }
  const parts = [...source.repository.split("/"), "resolve", source.revision, ...source.selector.split("/")];
  return `https://huggingface.co/${parts.map(encodeURIComponent).join("/")}`;
}
