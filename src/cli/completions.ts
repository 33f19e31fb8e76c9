/** The `completions` command: scripts that make shells complete what is typed, made of the table of commands. */
import { CONFIG_DIR_FLAG, KEYS } from "../config/known-keys.ts";
import { AppError } from "../core/errors.ts";
import { type CommandName, COMMANDS, type CommandNotes } from "./commands.ts";

const PROGRAM = "rockchip-llama";
/** Names of models, one a line: the first column until the table ends. */
const MODEL_NAMES = `${PROGRAM} list 2>/dev/null | awk 'NR > 1 { if ($1 == "") exit; print $1 }'`;

/** A script for one shell. */
type Script = () => string;

const SCRIPTS: Readonly<Record<string, Script>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** The script for a shell. Throws AppError config_invalid for one that there is none for. */
export function completionScript(shell: string): string {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) {
    throw new AppError("config_invalid", `${shell}: there are completions for ${Object.keys(SCRIPTS).join(", ")}.`);
  }
  return script();
}

const ROWS = Object.entries(COMMANDS) as [CommandName, CommandNotes][];

/** Every spelling of every command. */
function commandNames(): readonly string[] {
  return ROWS.flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
}

/** Flags of a command: its own, those of its keys, and those that all have. */
function flagsOf({ flags = [], keys }: CommandNotes): readonly string[] {
  const settings = KEYS.filter((key) => keys === "all" || keys.includes(key.name)).flatMap(({ flag, type }) =>
    type.placeholder === "" ? [flag, flag.replace("--", "--no-")] : [flag],
  );
  return [...flags.map(({ flag }) => flag), ...settings, ...(keys.length === 0 ? [] : [CONFIG_DIR_FLAG]), "--help"];
}

/** A line of shell for each command: `serve|start) <what>;;`. */
function cases(what: (notes: CommandNotes) => string | null, indent: string): string {
  return ROWS.flatMap(([name, notes]) => {
    const line = what(notes);
    return line === null ? [] : [`${indent}${[name, ...(notes.aliases ?? [])].join("|")}) ${line} ;;`];
  }).join("\n");
}

/** Words that may stand behind a command, the names of models, or null where nothing is known. */
function wordsOf({ completes }: CommandNotes): readonly string[] | "models" | null {
  return completes === "commands" ? commandNames() : (completes ?? null);
}

/** Such a line for the words behind a command, where there are any. */
function wordCases(assign: (words: readonly string[] | "models") => string, indent: string): string {
  return cases((notes) => {
    const words = wordsOf(notes);
    return words === null ? null : assign(words);
  }, indent);
}

function bashScript(): string {
  return `# Completions of ${PROGRAM} for bash.
_rockchip_llama() {
  local cur command word i flags= words=
  # Names of models have colons, at which bash breaks words: the last word is what stands behind the last space.
  local line="\${COMP_LINE:0:COMP_POINT}"
  cur="\${line##* }"
  command=
  for word in \${line% *}; do
    [[ $word == ${PROGRAM} || $word == */${PROGRAM} || $word == -* ]] && continue
    command=$word
    break
  done
  case "$command" in
    "") words="${commandNames().join(" ")}"; flags="--help --version" ;;
${cases((notes) => `flags="${flagsOf(notes).join(" ")}"`, "    ")}
  esac
  if [[ $cur == -* ]]; then
    words=$flags
  else
    case "$command" in
${wordCases((words) => `words="${words === "models" ? `$(${MODEL_NAMES})` : words.join(" ")}"`, "      ")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ -z $words ]] && COMPREPLY=($(compgen -f -- "$cur"))
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    local before="\${cur%"\${cur##*:}"}"
    for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]="\${COMPREPLY[i]#"$before"}"; done
  fi
}
complete -F _rockchip_llama ${PROGRAM}
`;
}

function zshScript(): string {
  return `#compdef ${PROGRAM}
# Completions of ${PROGRAM} for zsh.
_rockchip-llama() {
  local command word
  local -a flags candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] && continue
    command=$word
    break
  done
  case "$command" in
    "") candidates=(${commandNames().join(" ")}); flags=(--help --version) ;;
${cases((notes) => `flags=(${flagsOf(notes).join(" ")})`, "    ")}
  esac
  case "$command" in
${wordCases((words) => `candidates=(${words === "models" ? `\${(f)"$(${MODEL_NAMES})"}` : words.join(" ")})`, "    ")}
  esac
  if [[ $PREFIX == -* ]]; then
    compadd -- $flags
  elif (( $#candidates )); then
    compadd -- $candidates
  else
    _files
  fi
}
if [[ $funcstack[1] == _rockchip-llama ]]; then
  _rockchip-llama "$@"
else
  compdef _rockchip-llama ${PROGRAM}
fi
`;
}

function fishScript(): string {
  const command = `complete -c ${PROGRAM}`;
  const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const commands = ROWS.map(
    ([name, { about }]) => `${command} -f -n __fish_use_subcommand -a ${name} -d '${escaped(about.split(". ")[0] ?? "")}'`,
  );
  const behind = ROWS.flatMap(([name, notes]) => {
    const seen = `-n '__fish_seen_subcommand_from ${[name, ...(notes.aliases ?? [])].join(" ")}'`;
    const words = wordsOf(notes);
    const choices = words === "models" ? `(${MODEL_NAMES})` : (words ?? []).join(" ");
    return [
      ...(words === null ? [] : [`${command} -f ${seen} -a '${escaped(choices)}'`]),
      ...flagsOf(notes).map((flag) => `${command} ${seen} -l ${flag.slice(2)}`),
    ];
  });
  return [`# Completions of ${PROGRAM} for fish.`, ...commands, ...behind, ""].join("\n");
}
