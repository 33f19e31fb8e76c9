/** The commands: a command is a row here, a line in run-command.ts and a file. Help and shell completions are made of this table. */
import type { KeyName } from "../config/known-keys.ts";
import {
  BENCH_FLAGS,
  type CommandFlag,
  CREATE_FLAGS,
  DOCTOR_FLAGS,
  JSON_FLAG,
  PULL_FLAGS,
  RUN_FLAGS,
  SHOW_FLAGS,
} from "./command-flags.ts";

/** What the command line and --help know of a command. */
export interface CommandNotes {
  /** Its arguments as the usage line shows them. */
  readonly usage: string;
  /** One plain sentence, or a few. */
  readonly about: string;
  /** Command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Other names of it, as Ollama has them. */
  readonly aliases?: readonly string[];
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  /** What its arguments are, for shell completions. */
  readonly completes?: "models" | "commands" | readonly string[];
  /** Keys of the configuration that matter to it; "all" for serve. */
  readonly keys: "all" | readonly KeyName[];
  readonly flags?: readonly CommandFlag[];
}

const LOGGING: readonly KeyName[] = ["log_level", "log_format"];
/** Where a running server is. */
const SERVER: readonly KeyName[] = ["host", "port", "server_url", "api_key"];
/** What a command needs that can do without one. */
const ALONE: readonly KeyName[] = [...SERVER, "models_dir", "cache_dir", "builtin_model", ...LOGGING];
const SAMPLING: readonly KeyName[] = ["temperature", "top_k", "top_p", "repeat_penalty", "max_new_tokens", "max_context_len"];

const ROWS = {
  serve: {
    usage: "",
    about: "Answers the OpenAI, Ollama and Anthropic APIs from the models of this machine. The command when none is given.",
    examples: [
      ["serve", "listens on http://127.0.0.1:8080, for this machine alone"],
      ["serve --host 0.0.0.0 --allow 192.168.0.0/16", "lets in the machines of a network, too"],
    ],
    aliases: ["start"],
    argumentsMin: 0,
    argumentsMax: 0,
    keys: "all",
  },
  run: {
    usage: "<model> [prompt]",
    about:
      "Talks with a model: a chat on a terminal, one answer where a prompt is given or the input is piped. A model that is not there is " +
      "pulled first. It uses the server that is running, else it opens the model itself. In a chat, /? lists what there is to say to it.",
    examples: [
      ["run qwen3:0.6b", "chats"],
      ['run tiny-chat "What is the capital of France?"', "answers once"],
      ['run qwen3:0.6b "Summarise this:" < report.txt', "the piped text goes in front of the prompt"],
      ['run tiny-chat --format json --json "Describe a cat."', "for programs"],
    ],
    flags: RUN_FLAGS,
    argumentsMin: 1,
    argumentsMax: Infinity,
    completes: "models",
    keys: [...ALONE, ...SAMPLING],
  },
  pull: {
    usage: "<model>",
    about:
      "Downloads a model into the models folder. <model> is a short name (qwen3:0.6b), owner/repository with :file, :quantization, /file or nothing " +
      "behind it, also with hf.co/ before it, a link, or the path of a file of this machine. Where several files of a repository would do, " +
      "it takes the one for this board, its library, or its CPU, or lists them. Where the server is on another machine, that one downloads.",
    examples: [
      ["pull qwen3:0.6b", "by a short name"],
      ["pull owner/repository:Q4_K_M", "one quantization of a repository"],
    ],
    flags: PULL_FLAGS,
    argumentsMin: 1,
    argumentsMax: 1,
    keys: [...SERVER, "models_dir", "huggingface_endpoint", "hf_token", ...LOGGING],
  },
  list: {
    usage: "[prefix]",
    about: "Lists the models, the newest first, and why one cannot run here.",
    examples: [
      ["list", "all of them"],
      ["list qwen", "those whose names begin so"],
    ],
    aliases: ["ls"],
    flags: [JSON_FLAG],
    argumentsMin: 0,
    argumentsMax: 1,
    completes: "models",
    keys: ALONE,
  },
  ps: {
    usage: "",
    about: "Lists the models that the server has loaded, what each takes, and until when it stays.",
    examples: [["ps", "what is loaded"]],
    flags: [JSON_FLAG],
    argumentsMin: 0,
    argumentsMax: 0,
    keys: SERVER,
  },
  show: {
    usage: "<model>",
    about: "Shows what is known of a model, or one part of it.",
    examples: [
      ["show tiny-chat", "an overview"],
      ["show tiny-chat --modelfile > Modelfile", "the beginning of a model of one's own"],
    ],
    flags: SHOW_FLAGS,
    argumentsMin: 1,
    argumentsMax: 1,
    completes: "models",
    keys: ALONE,
  },
  stop: {
    usage: "<model>",
    about: "Unloads a model from the server, when what runs on it is done.",
    examples: [["stop qwen3:0.6b", "frees its memory"]],
    flags: [JSON_FLAG],
    argumentsMin: 1,
    argumentsMax: 1,
    completes: "models",
    keys: SERVER,
  },
  rm: {
    usage: "<model>...",
    about: "Deletes models, and their files.",
    examples: [["rm kitchen qwen3:0.6b", "deletes both"]],
    flags: [JSON_FLAG],
    argumentsMin: 1,
    argumentsMax: Infinity,
    completes: "models",
    keys: ALONE,
  },
  cp: {
    usage: "<model> <name>",
    about: "Gives a model a second name. Its weights are not copied.",
    examples: [["cp qwen3:0.6b kitchen", "kitchen is qwen3:0.6b, too"]],
    flags: [JSON_FLAG],
    argumentsMin: 2,
    argumentsMax: 2,
    completes: "models",
    keys: ALONE,
  },
  create: {
    usage: "<name>",
    about:
      "Makes a model from a Modelfile: another model with a system message, parameters, a template or an adapter of its own, or weights from a file.",
    examples: [
      ["create kitchen", "from the file Modelfile of this folder"],
      ["create kitchen -f kitchen.modelfile", "from another file"],
    ],
    flags: CREATE_FLAGS,
    argumentsMin: 1,
    argumentsMax: 1,
    keys: ALONE,
  },
  push: {
    usage: "<model>",
    about: "Is here because Ollama has it: there is no registry to publish to, and it says so.",
    examples: [["push kitchen", "ends in an error"]],
    flags: [JSON_FLAG],
    argumentsMin: 1,
    argumentsMax: 1,
    completes: "models",
    keys: ALONE,
  },
  keys: {
    usage: "add <name> | list | revoke <name>",
    about: "Makes, lists and revokes the API keys of clients. A server that is running follows at once.",
    examples: [
      ["keys add laptop", "prints a new key, this once"],
      ["keys revoke laptop", "it is refused from now on"],
    ],
    flags: [JSON_FLAG],
    argumentsMin: 1,
    argumentsMax: 2,
    completes: ["add", "list", "revoke"],
    keys: ["keys_file", ...LOGGING],
  },
  doctor: {
    usage: "",
    about: "Looks for what keeps the server, the NPU or a model from working, and says how to mend it. Changes nothing.",
    examples: [
      ["doctor --config", "with every key of the configuration"],
      ["doctor --probe qwen3:0.6b", "asks the runtime library how it behaves, for the server and for a report to send"],
    ],
    flags: DOCTOR_FLAGS,
    argumentsMin: 0,
    argumentsMax: 0,
    keys: "all",
  },
  bench: {
    usage: "[model] | --compare <report> <report>",
    about:
      "Measures how fast a model answers, and whether its answers make sense: at the server that is running, else in this process. " +
      "On a board it holds them against the figures that Rockchip has published. Its exit status is 1 where answers are bad.",
    examples: [
      ["bench qwen3:0.6b", "takes minutes; nothing else should run"],
      ["bench qwen3:0.6b --json > after.json", "for programs, and to be compared"],
      ["bench --compare before.json after.json", "two reports of the same kind"],
    ],
    flags: BENCH_FLAGS,
    argumentsMin: 0,
    argumentsMax: 2,
    completes: "models",
    keys: [...ALONE, "n_batch", "slots", "cpu_count"],
  },
  completions: {
    usage: "bash | zsh | fish",
    about: "Prints a script that makes a shell complete commands, flags and the names of models.",
    examples: [
      ["completions bash > ~/.local/share/bash-completion/completions/rockchip-llama", "for bash, from the next shell on"],
      ["completions fish > ~/.config/fish/completions/rockchip-llama.fish", "for fish"],
    ],
    argumentsMin: 1,
    argumentsMax: 1,
    completes: ["bash", "zsh", "fish"],
    keys: [],
  },
  version: {
    usage: "",
    about: "Prints the version, and that of the server where it is another.",
    examples: [["version", "or -v"]],
    flags: [JSON_FLAG],
    argumentsMin: 0,
    argumentsMax: 0,
    keys: SERVER,
  },
  help: {
    usage: "[command]",
    about: "Explains a command, or all of it.",
    examples: [["help run", "or run --help"]],
    argumentsMin: 0,
    argumentsMax: 1,
    completes: "commands",
    keys: [],
  },
} satisfies Readonly<Record<string, CommandNotes>>;

/** The name of a command that people use. */
export type CommandName = keyof typeof ROWS;

/** The commands people use, in the order of --help. `engine-host` is not among them: the server starts it itself. */
export const COMMANDS: Readonly<Record<CommandName, CommandNotes>> = ROWS;

/** Every command under each of its names. */
export const COMMAND_NAMES: ReadonlyMap<string, CommandName> = new Map(
  (Object.entries(COMMANDS) as [CommandName, CommandNotes][]).flatMap(([name, { aliases = [] }]) =>
    [name, ...aliases].map((spelling) => [spelling, name] as const),
  ),
);
