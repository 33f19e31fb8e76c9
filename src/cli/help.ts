/** The text of --help and of `help <command>`. */
import { CONFIG_DIR_FLAG, KEYS, type Key } from "../config/known-keys.ts";
import type { CommandFlag } from "./command-flags.ts";
import { type CommandName, COMMANDS } from "./commands.ts";

/** Columns where the output is no terminal. */
const COLUMNS = 100;

/** Where the explanations begin, columns; a longer flag has the line to itself, and in a narrow terminal every one has. */
const TEXT_COLUMN = 34;
const TEXT_COLUMN_NARROW = 6;
const NARROW_COLUMNS = 80;

/** Longest default that stays on one line, characters. */
const UNBROKEN_MAX = 30;

/** Help on one command, or what there is. `topic` is a known command; all keys of the configuration are told with `serve`. */
export function helpText(topic: string | undefined, columns: number = COLUMNS): string {
  const command = topic !== undefined && Object.hasOwn(COMMANDS, topic) ? (topic as CommandName) : undefined;
  const sections = command === undefined ? overview(columns) : [commandIntroduction(command, columns), ...commandFlags(command, columns)];
  return `${[...sections, section("Other", OTHER, columns)].join("\n\n")}\n`;
}

/** Flags of its own, then those of its keys in their groups. */
function commandFlags(command: CommandName, columns: number): string[] {
  const { flags = [], keys: wanted } = COMMANDS[command];
  const keys = KEYS.filter((key) => wanted === "all" || wanted.includes(key.name));
  const own = flags.map((flag) => [flagSpelling(flag), flag.about] as const);
  return [
    ...(own.length === 0 ? [] : [section("Command", own, columns)]),
    ...(keys.length === 0 ? [] : [section("Files", [[`${CONFIG_DIR_FLAG} <path>`, CONFIG_DIR_ABOUT]], columns)]),
    ...[...Map.groupBy(keys, (key) => key.group)].map(([group, members]) => section(group, members.map(keyLine), columns)),
  ];
}

function flagSpelling({ flag, short, placeholder, optional }: CommandFlag): string {
  const value = placeholder === "" ? "" : optional === true ? `[=${placeholder}]` : ` <${placeholder}>`;
  return `${short === undefined ? "" : `${short}, `}${flag}${value}`;
}

const NO_BREAK = "\u00a0";

const CONFIG_DIR_ABOUT = "Folder of server.json and inference_config.json. (default: ./config, then /etc/rockchip-llama)";

const OTHER: readonly (readonly [string, string])[] = [
  ["-h, --help", "Shows this, or the help on the command that is given."],
  ["-v, --version", "Shows the version."],
];

function overview(columns: number): string[] {
  const commands = Object.entries(COMMANDS).map(
    ([name, { usage, about }]) => [`${name} ${usage}`.trimEnd(), firstSentence(about)] as const,
  );
  const more =
    "`rockchip-llama help <command>` explains a command and its flags, with examples. `rockchip-llama help serve` lists every key of the configuration. " +
    "A flag goes before an environment variable, that before a configuration file, that before the default. " +
    "The variable of a flag is its name in capitals behind ROCKCHIP_LLAMA_: --queue-depth-max is ROCKCHIP_LLAMA_QUEUE_DEPTH_MAX. " +
    "In a file the key is queue_depth_max.";
  return ["Usage: rockchip-llama [command] [flags]", section("Commands", commands, columns), wrap(more, columns).join("\n")];
}

function firstSentence(about: string): string {
  return /^.*?\.(?= |$)/.exec(about)?.[0] ?? about;
}

function commandIntroduction(command: CommandName, columns: number): string {
  const { usage, about, keys, flags = [], aliases = [], examples } = COMMANDS[command];
  const takesFlags = keys.length > 0 || flags.length > 0;
  const synopsis = ["rockchip-llama", command, usage, takesFlags ? "[flags]" : ""].filter((word) => word !== "").join(" ");
  return [
    `Usage: ${synopsis}`,
    ...(aliases.length === 0 ? [] : [`Also called: ${aliases.join(", ")}`]),
    "",
    ...wrap(about, columns),
    "",
    "Examples:",
    ...examples.flatMap(([line, does]) => [`  rockchip-llama ${line}`, ...wrap(does, columns - 6).map((text) => `      ${text}`)]),
  ].join("\n");
}

/** A flag with its explanation and default. */
function keyLine(key: Key): readonly [string, string] {
  if (key.type.placeholder === "") return [`--[no-]${key.flag.slice(2)}`, `${key.about} ${defaultNote(String(key.initial))}`];
  return [`${key.flag} <${key.type.placeholder}>`, key.secret === true ? key.about : `${key.about} ${defaultNote(defaultText(key))}`];
}

/** A short one is kept on one line by spaces that become ordinary ones when `wrap` is done. */
function defaultNote(value: string): string {
  const note = `(default: ${value})`;
  return note.length > UNBROKEN_MAX ? note : note.replaceAll(" ", NO_BREAK);
}

function defaultText(key: Key): string {
  if (!Array.isArray(key.initial)) return String(key.initial);
  if (key.initial.length === 0) return "none";
  // Long lists are told in the docs.
  return key.initial.length > 3 ? `${key.initial.slice(0, 2).join(",")},… ${key.initial.length} in all` : key.initial.join(",");
}

/** A heading and its two columns, the right one wrapped. */
function section(title: string, lines: readonly (readonly [string, string])[], columns: number): string {
  const textColumn = columns < NARROW_COLUMNS ? TEXT_COLUMN_NARROW : TEXT_COLUMN;
  const indent = " ".repeat(textColumn);
  const body = lines.flatMap(([left, right]) => {
    const [first = "", ...rest] = wrap(right, columns - textColumn);
    const fits = left.length + 4 <= textColumn;
    const head = fits ? [`  ${left}`.padEnd(textColumn) + first] : [`  ${left}`, indent + first];
    return [...head, ...rest.map((line) => indent + line)];
  });
  return [`${title}:`, ...body].join("\n");
}

/** Breaks a text at spaces. A narrow terminal still gets readable lines, if too long ones. */
function wrap(text: string, columns: number): string[] {
  const width = Math.max(30, columns);
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => line.replaceAll(NO_BREAK, " "));
}
