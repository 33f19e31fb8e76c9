/** Takes the command line apart: which command, its own arguments, and the flags that belong to the configuration. */
import { type OwnFlag, scanFlags } from "../config/flags.ts";
import { CONFIG_DIR_FLAG } from "../config/known-keys.ts";
import { didYouMean } from "../config/nearest.ts";
import { AppError } from "../core/errors.ts";
import { COMMAND_NAMES, type CommandName, COMMANDS } from "./commands.ts";

/** Child processes of the program itself. */
type HiddenCommand = "engine-host" | "probe-host";

const COMMON_FLAGS: readonly OwnFlag[] = [
  { flag: CONFIG_DIR_FLAG, takes: "a path" },
  { flag: "--help" },
  { flag: "-h" },
  { flag: "--version" },
  { flag: "-v" },
];

/** All flags that are no keys. What two commands call the same may take a value behind one of them alone: the given command's come first. */
function ownFlags(command: CommandName | undefined): readonly OwnFlag[] {
  const all = [...(command === undefined ? [] : [COMMANDS[command]]), ...Object.values(COMMANDS)].flatMap(({ flags = [] }) => flags);
  return [...COMMON_FLAGS, ...all, ...all.flatMap((flag) => (flag.short === undefined ? [] : [{ ...flag, flag: flag.short }]))];
}

/** A command line taken apart. */
export interface Arguments {
  readonly command: CommandName | HiddenCommand;
  /** Arguments of the command; for `help`, the command to explain, if any. For the hidden ones, everything behind it. */
  readonly positionals: readonly string[];
  /** Flags of the configuration, for `loadConfig`. */
  readonly configArgv: readonly string[];
  /** Flags of the command itself that were given, without their dashes: `sha256`; switches with the value "". */
  readonly flags?: Readonly<Record<string, string>>;
  /** What --config-dir names. */
  readonly configDir?: string;
}

/** Exit status of a program that was called wrongly; it goes with AppError config_invalid. */
export const EXIT_STATUS_USAGE = 2;

/**
 * Reads the arguments that follow the program's name. Values of flags are not looked at here but by `loadConfig`.
 * Throws AppError config_invalid that names every unknown flag, or the unknown command, and the nearest known one.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const [hidden, ...behind] = argv;
  if (hidden === "engine-host" || hidden === "probe-host") return { command: hidden, positionals: behind, configArgv: [] };
  const first = scanFlags(argv, ownFlags(undefined)).words[0];
  const scan = scanFlags(argv, ownFlags(COMMAND_NAMES.get(first ?? "serve")));
  if (scan.problems.length > 0) refuse(scan.problems.join("\n"));
  const [given, ...words] = scan.words;
  const command = commandNamed(given ?? "serve");
  if (scan.own.has("--help") || scan.own.has("-h")) {
    return { command: "help", positionals: given === undefined || command === "help" ? topicOf(words) : [command], configArgv: [] };
  }
  // Ollama's -v, too, asks for the version or, behind some commands, for more words.
  const wantsVersion = scan.own.has("--version") || (scan.own.has("-v") && !hasShort(command, "-v"));
  const flags = wantsVersion ? {} : flagsOf(command, scan.own);
  if (!wantsVersion) checkCount(command, words);
  const configDir = scan.own.get(CONFIG_DIR_FLAG);
  return {
    command: wantsVersion ? "version" : command,
    positionals: wantsVersion ? [] : command === "help" ? topicOf(words) : words,
    configArgv: scan.settings.map(({ key, text }) => `${key.flag}=${text}`),
    ...(Object.keys(flags).length === 0 ? {} : { flags }),
    ...(configDir === undefined ? {} : { configDir }),
  };
}

function commandNamed(name: string): CommandName {
  const known = COMMAND_NAMES.get(name);
  if (known !== undefined) return known;
  const names = Object.keys(COMMANDS);
  return refuse(`${name}: unknown command.${didYouMean(name, [...COMMAND_NAMES.keys()]) || ` The commands are ${names.join(", ")}.`}`);
}

/** The command that help is asked on, if any. */
function topicOf([topic]: readonly string[]): readonly string[] {
  return topic === undefined ? [] : [commandNamed(topic)];
}

function hasShort(command: CommandName, short: string): boolean {
  return (COMMANDS[command].flags ?? []).some((flag) => flag.short === short);
}

/** A command's own flags; another command's are refused. */
function flagsOf(command: CommandName, given: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const flags = COMMANDS[command].flags ?? [];
  const owners = Object.entries(COMMANDS).flatMap(([owner, { flags = [] }]) =>
    flags.flatMap(({ flag, short }) => [{ flag, owner }, ...(short === undefined ? [] : [{ flag: short, owner }])]),
  );
  const strange = [...Map.groupBy(owners, ({ flag }) => flag)].filter(
    ([flag, having]) => given.has(flag) && having.every(({ owner }) => owner !== command),
  );
  const sentences = strange.map(
    ([flag, having]) => `${flag}: ${command} has no such flag; it belongs to ${having.map(({ owner }) => owner).join(", ")}.`,
  );
  if (sentences.length > 0) refuse(sentences.join("\n"));
  const own = flags.flatMap(({ flag, short = flag }) => {
    const text = given.get(flag) ?? given.get(short);
    return text === undefined ? [] : [[flag.slice(2), text] as const];
  });
  return Object.fromEntries(own);
}

function checkCount(command: CommandName, words: readonly string[]): void {
  const { usage, argumentsMin, argumentsMax } = COMMANDS[command];
  const extra = words[argumentsMax];
  if (words.length < argumentsMin) refuse(`${command}: an argument is missing: rockchip-llama ${command} ${usage}`);
  if (extra !== undefined) refuse(`${extra}: this argument is not expected here: rockchip-llama ${command} ${usage}`.trimEnd());
}

function refuse(message: string): never {
  throw new AppError("config_invalid", `${message}\nrockchip-llama --help lists what there is.`);
}
