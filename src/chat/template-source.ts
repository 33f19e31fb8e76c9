/** Finds a model's chat template among the places where models carry one. */

/** What is there to look at; each as read, none required. */
export interface TemplateCandidates {
  /** Content of chat_template.jinja, or of the older chat_template.json. */
  readonly chatTemplateFile?: string;
  /** tokenizer_config.json, parsed. */
  readonly tokenizerConfig?: unknown;
  /** A GGUF file's metadata. */
  readonly gguf?: { string(key: string): string | undefined };
}

/** A model's templates. */
export interface TemplateSources {
  readonly text: string;
  /** A template of its own for conversations with tools; null where `text` serves them too. */
  readonly toolUseText: string | null;
}

/** The first candidate that has a template: the file beside the weights, then tokenizer_config.json, then GGUF metadata; null when none has. */
export function findTemplateSources(candidates: TemplateCandidates): TemplateSources | null {
  return (
    fromFile(candidates.chatTemplateFile) ??
    fromJson(candidates.tokenizerConfig) ??
    fromNamed((name) => candidates.gguf?.string(name === "default" ? "tokenizer.chat_template" : `tokenizer.chat_template.${name}`))
  );
}

function fromFile(content: string | undefined): TemplateSources | null {
  if (content === undefined || content.trim() === "") return null;
  return fromJson(parseObject(content)) ?? { text: content, toolUseText: null };
}

/** `chat_template` as one text, or as a list of { name, template }. */
function fromJson(config: unknown): TemplateSources | null {
  if (typeof config !== "object" || config === null || !("chat_template" in config)) return null;
  const template = config.chat_template;
  if (typeof template === "string") return fromNamed((name) => (name === "default" ? template : undefined));
  if (!Array.isArray(template)) return null;
  const entries: unknown[] = template;
  return fromNamed((name) => entries.map((entry) => templateNamed(entry, name)).find((text) => text !== undefined));
}

function fromNamed(template: (name: "default" | "tool_use") => string | undefined): TemplateSources | null {
  const toolUseText = template("tool_use")?.trim() ? (template("tool_use") ?? null) : null;
  const text = template("default") ?? "";
  if (text.trim() !== "") return { text, toolUseText };
  return toolUseText === null ? null : { text: toolUseText, toolUseText: null };
}

function templateNamed(entry: unknown, name: string): string | undefined {
  if (typeof entry !== "object" || entry === null || !("name" in entry) || !("template" in entry)) return undefined;
  return entry.name === name && typeof entry.template === "string" ? entry.template : undefined;
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // A Jinja template, as expected.
  }
}
