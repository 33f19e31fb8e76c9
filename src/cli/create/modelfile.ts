/** Reads a Modelfile. source: https://docs.ollama.com/modelfile and ollama's parser/parser.go */
import { AppError } from "../../core/errors.ts";
import { optionValue } from "../option-values.ts";
import type { ChatTurn } from "../client/replies.ts";

/** What a Modelfile says; names and paths as they are written. */
export interface Modelfile {
  /** A model, or the path of weights. */
  readonly from: string;
  readonly adapters: readonly string[];
  readonly template?: string;
  readonly system?: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly messages: readonly ChatTurn[];
  readonly licenses: readonly string[];
}

/** Verbs that have no effect here: the template decides, and versions are Ollama's. */
const TOLERATED: ReadonlySet<string> = new Set(["renderer", "parser", "requires"]);
const VERBS: readonly string[] = ["from", "adapter", "template", "system", "parameter", "message", "license", ...TOLERATED];
const ROLES: readonly string[] = ["system", "user", "assistant"];

/** One line, or several where its value stands between `"""`. */
interface Instruction {
  readonly verb: string;
  /** Without quotes. */
  readonly value: string;
  readonly line: number;
}

/** Throws AppError invalid_request that names the line. */
export function parseModelfile(text: string): Modelfile {
  const from: Instruction[] = [];
  const adapters: string[] = [];
  const parameters: Record<string, unknown> = {};
  const messages: ChatTurn[] = [];
  const licenses: string[] = [];
  const texts: { template?: string; system?: string } = {};
  for (const instruction of instructions(text)) {
    const { verb, value, line } = instruction;
    if (verb === "from") from.push(instruction);
    else if (verb === "adapter") adapters.push(value);
    else if (verb === "license") licenses.push(value);
    else if (verb === "template" || verb === "system") texts[verb] = value;
    else if (verb === "parameter") setParameter(parameters, value, line);
    else if (verb === "message") messages.push(messageOf(value, line));
  }
  const [base, another] = from;
  if (base === undefined) throw new AppError("invalid_request", "The Modelfile has no FROM line: it says which model this one is made of.");
  if (another !== undefined) fault(another.line, "there are two FROM lines; give weights in one file");
  return { from: base.value, adapters, ...texts, parameters, messages, licenses };
}

function fault(line: number, what: string): never {
  throw new AppError("invalid_request", `Modelfile, line ${line}: ${what}${/[.?]$/.test(what) ? "" : "."}`);
}

function* instructions(text: string): Generator<Instruction> {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const number = index + 1;
    const [, word = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
    const verb = word.toLowerCase();
    if (!VERBS.includes(verb)) fault(number, `${word} is none of ${VERBS.map((known) => known.toUpperCase()).join(", ")}`);
    const opening = rest.indexOf('"""');
    if (opening === -1) {
      if (rest === "") fault(number, `${word} lacks its value`);
      yield { verb, value: verb === "parameter" || verb === "message" ? rest : unquoted(rest), line: number };
      continue;
    }
    // The value goes on until the closing quotes, in this line or another; its own spaces and line ends belong to it.
    const head = rest.slice(0, opening);
    const raw = [rest.slice(opening + 3), ...lines.slice(number)].join("\n");
    const end = raw.indexOf('"""');
    if (end === -1) fault(number, 'the closing """ is missing');
    const value = raw.slice(0, end);
    index += value.split("\n").length - 1;
    yield { verb, value: head + value, line: number };
  }
}

/** Without the quotes around it. Those of our own `show --modelfile` are JSON's, with their escapes. */
function unquoted(text: string): string {
  if (!/^".*"$/s.test(text) || text.length < 2) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}

function setParameter(parameters: Record<string, unknown>, value: string, line: number): void {
  const [, name = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(value) ?? [];
  if (rest === "") fault(line, `the parameter ${name} lacks its value`);
  try {
    const given = optionValue(name.toLowerCase(), [unquoted(rest)]);
    const before = parameters[name.toLowerCase()];
    parameters[name.toLowerCase()] =
      Array.isArray(given) && Array.isArray(before) ? [...(before as unknown[]), ...(given as unknown[])] : given;
  } catch (thrown) {
    fault(line, AppError.from(thrown).message);
  }
}

function messageOf(value: string, line: number): ChatTurn {
  const [, role = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(value) ?? [];
  if (!ROLES.includes(role)) fault(line, `the role of a MESSAGE is ${ROLES.join(", ")}, not ${JSON.stringify(role)}`);
  return { role, content: unquoted(rest) };
}
