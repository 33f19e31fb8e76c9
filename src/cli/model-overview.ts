/** What `show` and `/show info` tell of a model, in Ollama's sections. */
import { alignedLines } from "./aligned-lines.ts";
import type { ShownModel } from "./client/replies.ts";

/** Lines of a licence or system message that are shown; the rest is said to be there. */
const TEXT_LINES_MAX = 2;
const SYSTEM_LINES_MAX = 6;
/** Items of a list of metadata that are shown. */
const ITEMS_SHOWN_MAX = 3;

/** All sections that there is something to say in. */
export function modelOverview(model: ShownModel, verbose: boolean): string {
  const { capabilities = [], parameters = "", system = "", license = "", model_info: info = {}, tensors = [] } = model;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ["Model", alignedLines(modelRows(model), "    ")],
    ["Capabilities", capabilities],
    ["Parameters", alignedLines(parameterRows(parameters), "    ")],
    ["Metadata", verbose ? alignedLines(metadataRows(info), "    ") : []],
    [
      "Tensors",
      verbose
        ? alignedLines(
            tensors.map(({ name, type, shape }) => [name, type, `[${shape.join(" ")}]`]),
            "    ",
          )
        : [],
    ],
    ["System", firstLines(system, SYSTEM_LINES_MAX)],
    ["License", firstLines(license, TEXT_LINES_MAX)],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [`  ${title}`, ...lines.map((line) => `    ${line}`)].join("\n"))
    .join("\n\n");
}

function modelRows({ details, model_info: info = {}, requires }: ShownModel): string[][] {
  const architecture = textOf(info["general.architecture"]) || (details?.family ?? "");
  const count = info["general.parameter_count"];
  const rows = [
    ["architecture", architecture],
    ["parameters", typeof count === "number" ? formatCount(count) : (details?.parameter_size ?? "")],
    ["context length", textOf(info[`${architecture}.context_length`])],
    ["embedding length", textOf(info[`${architecture}.embedding_length`])],
    ["quantization", details?.quantization_level ?? ""],
    ["format", details?.format ?? ""],
    ["made for", textOf(info["rkllm.target_platform"])],
    ["requires", requires ?? ""],
  ];
  return rows.filter(([, value]) => value !== "");
}

/** A number of weights as Ollama writes it: `7B`, `1.5B`, `751.63M`, `135M`. */
function formatCount(count: number): string {
  if (count >= 1e9) return `${Number((count / 1e9).toFixed(count < 1e10 ? 1 : 0))}B`;
  if (count >= 1e6) return `${Number((count / 1e6).toFixed(2))}M`;
  return count >= 1e3 ? `${Math.round(count / 1e3)}K` : String(count);
}

/** Name and value; a list has a row for each item. */
function parameterRows(parameters: string): string[][] {
  return parameters
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name = "", value = ""] = /^(\S+)\s*(.*)$/.exec(line.trim()) ?? [];
      return [name, value];
    });
}

function metadataRows(info: Readonly<Record<string, unknown>>): string[][] {
  return Object.entries(info)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => [name, Array.isArray(value) ? listText(value) : textOf(value)]);
}

function listText(items: readonly unknown[]): string {
  const shown = items.slice(0, ITEMS_SHOWN_MAX).map(textOf).join(", ");
  return items.length > ITEMS_SHOWN_MAX ? `[${shown}, …+${items.length - ITEMS_SHOWN_MAX}]` : `[${shown}]`;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function firstLines(text: string, linesMax: number): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length > linesMax ? [...lines.slice(0, linesMax), "..."] : lines;
}
