/** Finds a model's own chat template. Only its text is read here; what it says is run in the engine host. */
import { openGguf } from "../catalog/gguf.ts";
import { findTemplateSources, type TemplateSources } from "../chat/template-source.ts";
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { readSmallText } from "../core/small-file.ts";

/** The texts of the model's templates; null where it brings none. Throws AppError model_file_invalid for a file that cannot be read. */
export async function readChatTemplate(model: ModelDescriptor): Promise<TemplateSources | null> {
  const { chatTemplate, tokenizerConfig } = model.sidecars;
  return findTemplateSources({
    ...chatTemplateFile(model.template ?? (chatTemplate === undefined ? undefined : await readText(chatTemplate))),
    ...(tokenizerConfig === undefined ? {} : { tokenizerConfig: parseJson(tokenizerConfig, await readText(tokenizerConfig)) }),
    ...(model.format === "gguf" ? { gguf: openGguf(model.path) } : {}),
  });
}

function chatTemplateFile(text: string | undefined): { readonly chatTemplateFile?: string } {
  return text === undefined ? {} : { chatTemplateFile: text };
}

async function readText(path: string): Promise<string> {
  try {
    return await readSmallText(path);
  } catch (cause) {
    throw new AppError("model_file_invalid", `Cannot read ${path}: ${String(cause)}`, { cause });
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("model_file_invalid", `${path} is not valid JSON: ${String(cause)}`, { cause });
  }
}
