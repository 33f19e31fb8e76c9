/**
 * Names of a whole catalog: ids that are distinct, and the one table that turns what a client wrote into a model.
 * Names are only ever looked up here; none becomes a path.
 */
import { AppError } from "../core/errors.ts";
import { spellings } from "./model-file-name.ts";

/** Names shown in an error message before "and N more". */
const NAMES_SHOWN_MAX = 8;

/** What tells one file of a model from another, in the order in which people would name it. */
export interface NameFacts {
  /** Friendly name, `qwen3-0.6b`; several files may share it. */
  readonly id: string;
  /** The friendly name with its variant, `qwen3-0.6b-instruct`. */
  readonly longId: string;
  readonly quantization: string;
  readonly soc?: string;
  readonly contextTokensMax: number;
}

/** An entry while its id is being chosen: `names` from short to long, and which of them it stands at. */
interface Candidate<Entry> {
  readonly entry: Entry;
  readonly names: readonly string[];
  step: number;
}

/**
 * Every entry with its id, in the same order. A friendly name that one file has alone is its id. Where several share it none gets it:
 * each takes the shortest name that tells it apart, so that a new file never silently takes over a name in use.
 */
export function distinctIds<Entry extends NameFacts>(entries: readonly Entry[]): readonly { readonly entry: Entry; readonly id: string }[] {
  const groups = Map.groupBy(entries, (entry) => entry.id);
  const chosen = new Map<Entry, string>();
  for (const [shared, group] of groups) {
    if (group.length === 1) for (const entry of group) chosen.set(entry, shared);
    else tellApart(shared, group, chosen);
  }
  const taken = new Set<string>();
  return entries.map((entry) => {
    const id = chosen.get(entry) ?? entry.id;
    let unique = id;
    for (let count = 2; taken.has(unique); count += 1) unique = `${id}-${count}`;
    taken.add(unique);
    return { entry, id: unique };
  });
}

/** Lengthens, step by step, only the names that still collide with another or with the shared one. */
function tellApart<Entry extends NameFacts>(shared: string, group: readonly Entry[], chosen: Map<Entry, string>): void {
  const candidates: Candidate<Entry>[] = group.map((entry) => ({ entry, names: ladder(entry, group), step: 0 }));
  const nameOf = (candidate: Candidate<Entry>): string => candidate.names[candidate.step] ?? shared;
  for (;;) {
    const holders = Map.groupBy(candidates, nameOf);
    const raised = candidates.filter((candidate) => {
      const name = nameOf(candidate);
      return (name === shared || (holders.get(name)?.length ?? 0) > 1) && candidate.step + 1 < candidate.names.length;
    });
    if (raised.length === 0) break;
    for (const candidate of raised) candidate.step += 1;
  }
  for (const candidate of candidates) chosen.set(candidate.entry, nameOf(candidate));
}

/** An entry's names from short to long: first with the facts in which the group differs, then with all of them. */
function ladder(entry: NameFacts, group: readonly NameFacts[]): readonly string[] {
  const facts: readonly ((of: NameFacts) => string)[] = [
    (of) => of.quantization.toLowerCase(),
    (of) => of.soc ?? "",
    (of) => (of.contextTokensMax % 1024 === 0 ? `${of.contextTokensMax / 1024}k` : String(of.contextTokensMax)),
  ];
  const differing = facts.filter((fact) => new Set(group.map(fact)).size > 1);
  const climb = (steps: typeof facts): string[] => {
    let name = entry.longId;
    const told = steps.map((fact) => fact(entry)).filter((text) => text !== "");
    return [name, ...told.map((text) => (name = `${name}-${text}`))];
  };
  return [...climb(differing), ...climb(facts).slice(1)];
}

/** What a name table needs of a model. */
export interface Named {
  readonly id: string;
  readonly aliases: readonly string[];
}

/** Looks names up among models; made anew whenever the list changes. */
export class NameTable<Model extends Named> {
  readonly #byId = new Map<string, Model>();
  readonly #byAlias = new Map<string, Set<Model>>();

  constructor(models: readonly Model[]) {
    for (const model of models) {
      for (const name of spellings(model.id)) this.#byId.set(name, this.#byId.get(name) ?? model);
      for (const name of [model.id, ...model.aliases]) this.#byAlias.set(name, (this.#byAlias.get(name) ?? new Set()).add(model));
    }
  }

  /**
   * The one model a name stands for; undefined where there is none. Case, blanks around it and a tag `:latest` do not matter, and a colon
   * may stand for a hyphen. Throws AppError invalid_request, naming the candidates, where a name stands for several.
   */
  find(name: string): Model | undefined {
    const wanted = name
      .trim()
      .toLowerCase()
      .replace(/:latest$/, "");
    for (const spelling of new Set([wanted, wanted.replaceAll(":", "-")])) {
      const exact = this.#byId.get(spelling);
      if (exact !== undefined) return exact;
      const candidates = [...(this.#byAlias.get(spelling) ?? [])];
      if (candidates.length > 1) {
        const ids = candidates.map((model) => model.id);
        throw new AppError(
          "invalid_request",
          `The model name "${shown(name)}" is ambiguous: it could be ${listed(ids, "or")}. Use one of these names.`,
        );
      }
      if (candidates[0] !== undefined) return candidates[0];
    }
    return undefined;
  }
}

/** A few names for a message, joined as in a sentence. */
export function listed(names: readonly string[], word: "and" | "or"): string {
  const some = names.slice(0, NAMES_SHOWN_MAX);
  const more = names.length - some.length;
  if (more > 0) return `${some.join(", ")} ${word} ${more} more`;
  const last = some.pop() ?? "";
  return some.length === 0 ? last : `${some.join(", ")} ${word} ${last}`;
}

/** A client's name as it may appear in a message: one line, of bounded length. */
export function shown(name: string): string {
  const oneLine = name.replace(/\p{C}+/gu, " ");
  return oneLine.length > 100 ? `${oneLine.slice(0, 100)}…` : oneLine;
}
