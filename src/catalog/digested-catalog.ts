/** A catalog whose models have digests, as soon as these are known. */
import type { ModelDescriptor } from "../core/model.ts";
import type { Catalog } from "./catalog.ts";
import { splitPartOf } from "./model-file-name.ts";
import type { DatedFile, WeightsDigests } from "./weights-digests.ts";

/** Whoever asks for the list has the digests found; whoever asks for a model wants to use it, and the disk, now. */
export function withDigests(catalog: Catalog, digests: WeightsDigests): Catalog {
  return {
    list: async () => (await catalog.list()).map((model) => digested(model, (file) => digests.get(file))),
    resolve: async (name, sinceMs) => digested(await catalog.resolve(name, sinceMs), (file) => digests.known(file)),
    recall: (name, sinceMs) => {
      const recalled = catalog.recall(name, sinceMs);
      return recalled && { ...recalled, model: digested(recalled.model, (file) => digests.known(file)) };
    },
    look: () => catalog.look(),
  };
}

function digested(model: ModelDescriptor, digestOf: (file: DatedFile) => string | null): ModelDescriptor {
  const opened = model.derived?.opens ?? model.adapted?.base ?? model;
  // The first part of split weights is not the weights.
  const weights = opened.bytes === 0 || splitPartOf(opened.path) !== null ? null : (opened.sha256 ?? digestOf(opened));
  if (weights === null) return model;
  const added = [model.template, model.preset, adapterFacts(model)].filter((part) => part !== undefined);
  // A copy has the digest of its model.
  if (added.length === 0) return { ...model, digest: weights };
  return { ...model, digest: new Bun.CryptoHasher("sha256").update(JSON.stringify([weights, ...added])).digest("hex") };
}

/** Two adapters of one model may well have the same size and, where both were unpacked at once, the same time. */
function adapterFacts({ adapted }: ModelDescriptor): string | undefined {
  if (adapted === undefined) return undefined;
  const { name, scale, edition } = adapted.adapter;
  return `${name} ${scale} ${edition}`;
}
