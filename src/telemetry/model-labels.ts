/** Models as label values. There are only so many: whoever may create models must not be able to fill the memory of a server with series. */

/** More than a machine has models. */
const LABELS_MAX = 200;

/** Stands for all models that came later. */
const OTHER = "other";

/** Remembers which models have a label of their own. */
export class ModelLabels {
  private readonly known = new Set<string>();

  /** "" where no model is known. */
  of(model: string | null): string {
    if (model === null || this.known.has(model)) return model ?? "";
    if (this.known.size >= LABELS_MAX) return OTHER;
    this.known.add(model);
    return model;
  }
}
