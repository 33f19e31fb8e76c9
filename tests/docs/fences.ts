/** The fenced blocks of a document, and what their info strings say. docs/contributing.md explains the convention to those who write. */

/** A block of code in a document. */
export interface Fence {
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** First word of the info string; "" for none. */
  readonly language: string;
  /** The words behind it, which readers on GitHub do not see. */
  readonly words: readonly string[];
  readonly code: string;
}

/** Why a block is not run: what it takes that a test has not got. */
export const REASONS: Readonly<Record<string, string>> = {
  board: "a Rockchip board, with Rockchip's library or a model for its NPU",
  pc: "a PC with Rockchip's toolkit, or a model of many gigabytes",
  hub: "the network: Hugging Face, GitHub or a package registry",
  root: "the superuser, or a change of the system",
  docker: "a Docker engine",
  service: "another program that runs as a service, such as systemd, Prometheus or Open WebUI",
  client: "a client that is not a dependency here",
  terminal: "a person at a terminal",
  ci: "minutes: `bash .ci/run` does the same",
  part: "what stands around it: it is a part of something longer",
};

/** Languages of blocks that a reader is to run. */
const SHELLS = new Set(["sh", "bash", "shell", "console", "curl", "zsh"]);
const SCRIPTS = new Set(["js", "javascript", "mjs", "ts", "typescript"]);

/** How a block would be run; null for one that only shows something. */
export function interpreterOf({ language }: Fence): "shell" | "python" | "script" | null {
  const name = language.toLowerCase();
  if (SHELLS.has(name)) return "shell";
  if (name === "python" || name === "py") return "python";
  return SCRIPTS.has(name) ? "script" : null;
}

/** Every fenced block, in order. Those in lists are indented; their indentation is not part of the code. */
export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: { readonly line: number; readonly indent: string; readonly mark: string; readonly info: string; code: string[] } | null = null;
  for (const [index, text] of markdown.split("\n").entries()) {
    if (open === null) {
      const [, indent = "", mark, info = ""] = /^( *)(`{3,}|~{3,})(.*)$/.exec(text) ?? [];
      if (mark !== undefined) open = { line: index + 1, indent, mark, info: info.trim(), code: [] };
    } else if (text.trim() === open.mark) {
      const [language = "", ...words] = open.info.split(/\s+/);
      fences.push({ line: open.line, language, words, code: open.code.join("\n") });
      open = null;
    } else {
      open.code.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text.trimStart());
    }
  }
  if (open !== null) throw new Error(`the block that begins in line ${open.line} has no end`);
  return fences;
}

/** The reason why a block is not run; null where it is. */
export function reasonOf({ words }: Fence): string | null {
  return words.find((word) => word in REASONS) ?? null;
}

/** Words that mean nothing: a misspelt reason would else count as none. */
export function unknownWords({ words }: Fence): string[] {
  return words.filter((word) => !(word in REASONS) && word !== "output" && !/^file=[\w.-]+$/.test(word));
}

/** The file that a block shows, which commands behind it need; null for none. */
export function fileOf({ words }: Fence): string | null {
  return words.find((word) => word.startsWith("file="))?.slice("file=".length) ?? null;
}
