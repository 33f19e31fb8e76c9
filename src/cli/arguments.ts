/** Takes the command line apart: which command, its own arguments, and the flags that belong to the configuration. */
import { type OwnFlag, scanFlags } from "../config/flags.ts";
import { CONFIG_DIR_FLAG, type KeyName } from "../config/known-keys.ts";
import { didYouMean } from "../config/nearest.ts";
import { AppError } from "../core/errors.ts";

/** What stands first on the command line. */
export type CommandName = "serve" | "pull" | "list" | "keys" | "doctor" | "bench" | "version" | "help" | "engine-host";

/** A flag that one command alone has. */
export interface CommandFlag {
  readonly flag: string;
  /** "" on a switch. */
  readonly placeholder: string;
  /** Completes "it takes …"; absent on a switch. */
  readonly takes?: string;
  /** One plain sentence. */
  readonly about: string;
}

/** What the command line and --help know of a command. */
export interface CommandNotes {
  /** Its arguments as the usage line shows them. */
  readonly usage: string;
  /** One plain sentence. */
  readonly about: string;
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  /** Keys of the configuration that matter to it; "all" for serve. */
  readonly keys: "all" | readonly KeyName[];
  readonly flags?: readonly CommandFlag[];
}

const PULL_FLAGS: readonly CommandFlag[] = [
  { flag: "--sha256", placeholder: "digits", takes: "64 hexadecimal digits", about: "SHA-256 that the weights have to have." },
  { flag: "--name", placeholder: "name", takes: "a name", about: "Name for the model, in place of the one from its file's name." },
  {
    flag: "--tokenizer",
    placeholder: "owner/repo",
    takes: "a repository",
    about: "Repository of the original model, for the tokenizer and the chat template where the weights' own has none.",
  },
  {
    flag: "--json",
    placeholder: "",
    about: "Prints progress as lines of JSON, as Ollama streams it, and the error, if any, as the last of them.",
  },
];

const DOCTOR_FLAGS: readonly CommandFlag[] = [
  { flag: "--json", placeholder: "", about: "Prints the findings as JSON." },
  { flag: "--config", placeholder: "", about: "Adds every key of the configuration, its value, and where that comes from." },
];

const BENCH_FLAGS: readonly CommandFlag[] = [
  { flag: "--prompt-tokens", placeholder: "counts", takes: "counts", about: "Lengths of the prompts, in tokens. (default: 128,512)" },
  { flag: "--output-tokens", placeholder: "count", takes: "a count", about: "Most tokens of an answer. (default: 64)" },
  { flag: "--concurrency", placeholder: "counts", takes: "counts", about: "Numbers of clients that ask at once. (default: 1,4)" },
  {
    flag: "--repeats",
    placeholder: "count",
    takes: "a count",
    about: "How often each measurement is taken, after one to warm up. (default: 5)",
  },
  { flag: "--json", placeholder: "", about: "Prints the report as JSON." },
  { flag: "--compare", placeholder: "", about: "Measures nothing: compares two reports of --json, whose files are the arguments." },
];

/** The commands people use, in the order of --help. `engine-host` is not among them: the server starts it itself. */
export const COMMANDS: Readonly<Record<Exclude<CommandName, "engine-host">, CommandNotes>> = {
  serve: {
    usage: "",
    about: "Answers the OpenAI, Ollama and Anthropic APIs from the models of this machine. The command when none is given.",
    argumentsMin: 0,
    argumentsMax: 0,
    keys: "all",
  },
  pull: {
    usage: "<model>",
    about:
      "Downloads a model into the models folder. <model> is a short name (qwen3:0.6b), owner/repository with :file, :quantization, /file or nothing " +
      "behind it, also with hf.co/ before it, a link, or the path of a file of this machine. Where several files of a repository would do, " +
      "it takes the one for this board, its library, or its CPU, or lists them.",
    flags: PULL_FLAGS,
    argumentsMin: 1,
    argumentsMax: 1,
    keys: ["models_dir", "huggingface_endpoint", "hf_token", "log_level", "log_format"],
  },
  list: {
    usage: "",
    about: "Lists the models of the models folder.",
    argumentsMin: 0,
    argumentsMax: 0,
    keys: ["models_dir", "log_level", "log_format"],
  },
  keys: {
    usage: "add <name> | list | revoke <name>",
    about: "Makes, lists and revokes the API keys of clients. A server that is running follows at once.",
    argumentsMin: 1,
    argumentsMax: 2,
    keys: ["keys_file", "log_level", "log_format"],
  },
  doctor: {
    usage: "",
    about: "Looks for what keeps the server, the NPU or a model from working, and says how to mend it. Changes nothing.",
    flags: DOCTOR_FLAGS,
    argumentsMin: 0,
    argumentsMax: 0,
    keys: "all",
  },
  bench: {
    usage: "[model] | --compare <report> <report>",
    about:
      "Measures how fast a model answers, and whether it answers sensibly: on the server that runs at `host` and `port`, or else on one of its " +
      "own for as long as it takes. Compares with what Rockchip publishes. Its exit status is 1 where answers are bad.",
    flags: BENCH_FLAGS,
    argumentsMin: 0,
    argumentsMax: 2,
    keys: "all",
  },
  version: { usage: "", about: "Prints the version.", argumentsMin: 0, argumentsMax: 0, keys: [] },
  help: { usage: "[command]", about: "Explains a command, or all of it.", argumentsMin: 0, argumentsMax: 1, keys: [] },
};

const OWN_FLAGS: readonly OwnFlag[] = [
  ...PULL_FLAGS,
  ...DOCTOR_FLAGS,
  ...BENCH_FLAGS,
  { flag: CONFIG_DIR_FLAG, takes: "a path" },
  { flag: "--help" },
  { flag: "-h" },
  { flag: "--version" },
  { flag: "-v" },
];

/** A command line taken apart. */
export interface Arguments {
  readonly command: CommandName;
  /** Arguments of the command; for `help`, the command to explain, if any. For `engine-host`, everything behind it. */
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
  if (argv[0] === "engine-host") return { command: "engine-host", positionals: argv.slice(1), configArgv: [] };
  const scan = scanFlags(argv, OWN_FLAGS);
  if (scan.problems.length > 0) refuse(scan.problems.join("\n"));
  const [given, ...words] = scan.words;
  const command = commandNamed(given ?? "serve");
  if (scan.own.has("--help") || scan.own.has("-h")) {
    return { command: "help", positionals: given === undefined || command === "help" ? words.slice(0, 1) : [command], configArgv: [] };
  }
  if (scan.own.has("--version") || scan.own.has("-v")) return { command: "version", positionals: [], configArgv: [] };
  checkCount(command, words);
  if (command === "help" && words[0] !== undefined) commandNamed(words[0]);
  const flags = flagsOf(command, scan.own);
  const configDir = scan.own.get(CONFIG_DIR_FLAG);
  return {
    command,
    positionals: words,
    configArgv: scan.settings.map(({ key, text }) => `${key.flag}=${text}`),
    ...(Object.keys(flags).length === 0 ? {} : { flags }),
    ...(configDir === undefined ? {} : { configDir }),
  };
}

function commandNamed(name: string): keyof typeof COMMANDS {
  if (Object.hasOwn(COMMANDS, name)) return name as keyof typeof COMMANDS;
  return refuse(
    `${name}: unknown command.${didYouMean(name, Object.keys(COMMANDS)) || ` The commands are ${Object.keys(COMMANDS).join(", ")}.`}`,
  );
}

/** A command's own flags; another command's are refused. */
function flagsOf(command: keyof typeof COMMANDS, given: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const notes: CommandNotes = COMMANDS[command];
  const owners = Object.entries<CommandNotes>(COMMANDS).flatMap(([owner, { flags = [] }]) => flags.map(({ flag }) => ({ flag, owner })));
  const strange = [...Map.groupBy(owners, ({ flag }) => flag)].filter(
    ([flag, having]) => given.has(flag) && having.every(({ owner }) => owner !== command),
  );
  const sentences = strange.map(
    ([flag, having]) => `${flag}: ${command} has no such flag; it belongs to ${having.map(({ owner }) => owner).join(" and ")}.`,
  );
  if (sentences.length > 0) refuse(sentences.join("\n"));
  const own = (notes.flags ?? []).flatMap(({ flag }) => (given.has(flag) ? [[flag.slice(2), given.get(flag) ?? ""] as const] : []));
  return Object.fromEntries(own);
}

function checkCount(command: keyof typeof COMMANDS, words: readonly string[]): void {
  const { usage, argumentsMin, argumentsMax } = COMMANDS[command];
  const extra = words[argumentsMax];
  if (words.length < argumentsMin) refuse(`${command}: an argument is missing: rockchip-llama ${command} ${usage}`);
  if (extra !== undefined) refuse(`${extra}: this argument is not expected here: rockchip-llama ${command} ${usage}`.trimEnd());
}

function refuse(message: string): never {
  throw new AppError("config_invalid", `${message}\nrockchip-llama --help lists what there is.`);
}
