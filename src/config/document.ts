/** Everything about the configuration that is written for people and editors: docs/config.md, the JSON Schemas, the default files. */
import { codeCell, table } from "../core/markdown-table.ts";
import { CONFIG_DIR_FLAG, CONFIG_DIR_VARIABLE, CONFIG_FILES, type ConfigPart, KEYS, type Key } from "./known-keys.ts";
import { IDLE_VARIABLES } from "./ollama-variables.ts";
import { renderJson } from "./render-json.ts";

/** Name of the JSON Schema beside a configuration file. */
function schemaName(part: ConfigPart): string {
  return CONFIG_FILES[part].replace(".json", ".schema.json");
}

/** The generated files, by path from the repository's root. */
export function configDocuments(): Readonly<Record<string, string>> {
  const documents: Record<string, string> = { "docs/config.md": configPage() };
  for (const part of ["server", "inference"] as const) {
    documents[`config/${CONFIG_FILES[part]}`] = renderJson(defaultFile(part));
    documents[`config/${schemaName(part)}`] = renderJson(editorSchema(part));
  }
  return documents;
}

/** Keys that may stand in a part's file. */
function fileKeys(part: ConfigPart): readonly Key[] {
  return KEYS.filter((key) => key.part === part && key.secret !== true);
}

/** A file with every key at its default. */
function defaultFile(part: ConfigPart): Record<string, unknown> {
  return {
    $schema: `./${schemaName(part)}`,
    ...Object.fromEntries(fileKeys(part).map((key) => [key.name, key.initial])),
    ...(part === "inference" ? { models: {} } : {}),
  };
}

/** A part's JSON Schema (draft 7, which editors know). */
function editorSchema(part: ConfigPart): Record<string, unknown> {
  const values = Object.fromEntries(fileKeys(part).map((key) => [key.name, editorProperty(key)]));
  const overrides = Object.fromEntries(fileKeys(part).map((key) => [key.name, { $ref: `#/properties/${key.name}` }]));
  const models = {
    description: "What single models change of the keys above, by model name.",
    type: "object",
    additionalProperties: { type: "object", additionalProperties: false, properties: overrides },
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `RockchipLlama: ${CONFIG_FILES[part]}`,
    type: "object",
    additionalProperties: false,
    properties: { $schema: { type: "string" }, ...values, ...(part === "inference" ? { models } : {}) },
  };
}

function editorProperty(key: Key): Record<string, unknown> {
  return {
    description: key.about,
    default: key.initial,
    ...(withEnums(JSON.parse(JSON.stringify(key.type.schema))) as Record<string, unknown>),
  };
}

/** Editors complete an `enum`, but not the union of constants that TypeBox makes of a choice; nested unions become one. */
function withEnums(schema: unknown): unknown {
  const { anyOf, ...rest } = schema as { anyOf?: readonly Record<string, unknown>[] };
  if (anyOf === undefined) return schema;
  const members = anyOf.flatMap((member) => ("anyOf" in member ? (member["anyOf"] as Record<string, unknown>[]) : [member]));
  if (members.every((member) => "const" in member)) return { ...rest, type: "string", enum: members.map((member) => member["const"]) };
  return { ...rest, anyOf: members };
}

function configPage(): string {
  return [
    "# Configuration",
    "This page is generated from the same table that checks the values; so are the two files in `config/` and `rockchip-llama help serve`.",
    WHERE,
    PER_MODEL,
    "## server.json",
    ...groupTables("server"),
    "## inference_config.json",
    "Every key here may also stand in a model's section. A request that sets a value of its own goes before all of them.",
    ...groupTables("inference"),
    "## Variables of other programs",
    "These count where the variable of our own name is not set, so that a setup made for another program goes on working. " +
      "What Kubernetes sets for a Service called rockchip-llama (`ROCKCHIP_LLAMA_SERVICE_HOST` and the like) is left alone.",
    aliasTable(),
    "These change nothing, and are no error:",
    table(
      ["Variable", "Why"],
      Object.entries(IDLE_VARIABLES).map(([name, reason]) => [codeCell(name), reason]),
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

const WHERE = `The server starts without any configuration. What you want to change can be said in three ways; the first one that says something counts:

1. A flag: \`--queue-depth-max 32\` or \`--queue-depth-max=32\`. Switches: \`--embed-flash\`, \`--no-embed-flash\`, \`--embed-flash=false\`. Lists: \`--models-dir a,b\` or the flag repeated.
2. An environment variable: \`ROCKCHIP_LLAMA_QUEUE_DEPTH_MAX=32\`. Lists are separated by commas. An empty variable counts as not set.
3. A key in \`${CONFIG_FILES.server}\` or \`${CONFIG_FILES.inference}\`: \`"queue_depth_max": 32\`.

Every key has all three names: the flag has dashes, the variable is in capitals behind \`ROCKCHIP_LLAMA_\`. As a flag or variable, \`null\` is written as it is.

The two files are looked for in the folder that \`${CONFIG_DIR_FLAG}\` or \`${CONFIG_DIR_VARIABLE}\` names, else in \`./config\`, else in \`/etc/rockchip-llama\`; the first of these folders that holds one of them is used for both. A file that is not there is fine, but a folder that was named must hold at least one of the two. A key that is left out has its default. Relative paths start at the folder the server is started in; \`~/\` is your home directory.

An unknown key or a value out of range stops the start. The message names every such key at once, with the file and line, flag or variable it comes from, and what it takes.`;

const PER_MODEL = `## One model, other values

A section under \`models\` in \`${CONFIG_FILES.inference}\` changes keys for one model. Names are compared without regard to case, and a name that no model has is fine.

\`\`\`json
{
  "temperature": 0.6,
  "models": {
    "qwen3-0.6b": { "temperature": 0.3, "max_context_len": 8192 },
    "qwen2.5-coder-1.5b": { "temperature": 0, "top_k": 1 }
  }
}
\`\`\`

A flag or an environment variable goes before everything in a file, models' sections included.`;

function groupTables(part: ConfigPart): string[] {
  const keys = KEYS.filter((key) => key.part === part);
  const blocks: string[] = [];
  for (const [group, members] of Map.groupBy(keys, (key) => key.group)) {
    const rows = members.map((key) => [codeCell(key.name), defaultCell(key), takesCell(key), key.about]);
    const longDefaults = members.filter(hasLongDefault);
    blocks.push(`### ${group}`, table(["Key", "Default", "Takes", "What it does"], rows));
    for (const key of longDefaults) blocks.push(`Default of \`${key.name}\`: ${(key.initial as string[]).map(codeCell).join(", ")}.`);
  }
  return blocks;
}

function hasLongDefault(key: Key): boolean {
  return Array.isArray(key.initial) && key.initial.length > 3;
}

function defaultCell(key: Key): string {
  return hasLongDefault(key) ? "see below" : codeCell(JSON.stringify(key.initial));
}

function takesCell(key: Key): string {
  return `${key.type.takes}${key.secret === true ? "; flag or variable only" : ""}`;
}

function aliasTable(): string {
  const rows = KEYS.flatMap((key) => (key.aliases ?? []).map((alias) => [codeCell(alias.name), codeCell(key.name), alias.note ?? ""]));
  return table(
    ["Variable", "Key", "How it is read"],
    rows.toSorted(([a = ""], [b = ""]) => a.localeCompare(b, "en")),
  );
}
