/** A model's own file, for those who ask it about itself. */
import { type GgufFile, openGguf } from "../catalog/gguf.ts";
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";

/** What a model's file says of itself; null for a format that says nothing. Throws AppError model_file_invalid, also where the file has gone. */
export function readModelFile({ format, path }: Pick<ModelDescriptor, "format" | "path">): GgufFile | null {
  if (format !== "gguf") return null;
  try {
    return openGguf(path);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("model_file_invalid", `Cannot read ${path}: ${String(cause)}`, { cause });
  }
}
