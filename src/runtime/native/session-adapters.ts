/**
 * The adapters of one handle. Each is loaded when a run first asks for it and stays until the handle goes, because no call takes one
 * away. The values in the KV cache belong to the weights they were computed with, so the cache is emptied whenever a run asks for
 * another adapter than the one before it, or for none: that Rockchip's library does so by itself is documented nowhere.
 */
import { AppError } from "../../core/errors.ts";
import type { Adapter } from "../../core/model.ts";

/** What rkllm_load_lora is given. */
export interface NamedAdapter {
  readonly path: string;
  /** The library knows it by this name. */
  readonly name: string;
  readonly scale: number;
}

/** The calls on the handle; both return the library's code. */
export interface AdapterCalls {
  load(adapter: NamedAdapter): number;
  clearCache(): number;
}

/** Which adapters a handle has, and which one its KV cache was computed with. */
export class SessionAdapters {
  private readonly calls: AdapterCalls;
  /** What was loaded -> the library's name for it. */
  private readonly loaded = new Map<string, string>();
  private inUse: string | null = null;

  constructor(calls: AdapterCalls) {
    this.calls = calls;
  }

  /**
   * Makes the handle ready for a run with an adapter, or without one. Returns the name to run with, null for none.
   * @throws AppError model_load_failed when the library does not load it; the next run that asks for it tries again, because memory
   * may be what is missing
   * @throws AppError runtime_error when the KV cache cannot be emptied
   */
  use(adapter: Adapter | undefined): string | null {
    const name = adapter === undefined ? null : this.nameOf(adapter);
    if (name === this.inUse) return name;
    const code = this.calls.clearCache();
    if (code !== 0) {
      throw new AppError(
        "runtime_error",
        `The runtime could not empty its KV cache for another adapter (rkllm_clear_kv_cache returned ${code})`,
      );
    }
    this.inUse = name;
    return name;
  }

  private nameOf({ name, path, scale, edition }: Adapter): string {
    const key = JSON.stringify([path, scale, edition]);
    const known = this.loaded.get(key);
    if (known !== undefined) return known;
    // A file that was replaced is loaded beside its old self, which may have the same name.
    const own = `${name}-${this.loaded.size + 1}`;
    const code = this.calls.load({ path, scale, name: own });
    if (code !== 0) {
      throw new AppError(
        "model_load_failed",
        `The runtime could not load the adapter ${path} (rkllm_load_lora returned ${code}): it may be damaged, or made for another model`,
      );
    }
    this.loaded.set(key, own);
    return own;
  }
}
