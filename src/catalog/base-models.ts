/** Which model weights were made from, as far as their repository says. */
import { readSmallText } from "../core/small-file.ts";
import { readTextOf } from "./answer-text.ts";
import { type HubRepository, hubFile, readHubInfo, REPOSITORY_NAME } from "./hub.ts";
import { requestRemote } from "./remote-file.ts";

/** Longest beginning of a README that is read, bytes; its front matter stands there. */
const README_BYTES_MAX = 64 * 1024;

/** Repositories that are asked for what is missing; merged models name two or three. */
const BASES_MAX = 8;

/**
 * The repositories of the original model: those of the hub's answer, else of the README's front matter, else the one in config.json. A hub that
 * cannot say is asked no further: they are wanted, not needed.
 * @param configPaths where config.json may lie.
 */
export async function baseModelsOf(
  repository: HubRepository,
  configPaths: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const sources = [
    async () => (await readHubInfo(repository, signal)).baseModels,
    async () => {
      const { response } = await requestRemote(hubFile(repository, "README.md"), {}, signal);
      return frontMatterBases((await readTextOf(response, README_BYTES_MAX)).text);
    },
    ...configPaths.map((path) => async () => configBase(await readSmallText(path))),
  ];
  for (const source of sources) {
    try {
      const found = (await source()).filter((name) => name !== repository.repository).slice(0, BASES_MAX);
      if (found.length > 0) return found;
    } catch (cause) {
      if (signal.aborted) throw cause;
    }
  }
  return [];
}

/** `base_model` of the YAML between the first two `---`: one name, or a list in either notation. */
export function frontMatterBases(readme: string): readonly string[] {
  const matter = /^\s*---\r?\n(.*?)\r?\n---/s.exec(readme)?.[1] ?? "";
  const value = /^base_model:[ \t]*([^\n]*(?:\n[ \t]*-[ \t][^\n]*)*)/m.exec(matter)?.[1] ?? "";
  return value
    .split(/[\s,[\]]+/)
    .map((word) => word.replace(/^["']|["']$/g, ""))
    .filter((word) => REPOSITORY_NAME.test(word));
}

/** `_name_or_path` of a config.json; a folder of the converter's own machine is no repository. */
function configBase(text: string): readonly string[] {
  const { _name_or_path: name } = JSON.parse(text) as { _name_or_path?: unknown };
  return typeof name === "string" && REPOSITORY_NAME.test(name) ? [name] : [];
}
