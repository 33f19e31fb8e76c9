/** What the doctor says: one finding is one line. */

/** How bad it is: a warning lets the server run, a failure keeps something from working. */
export type Level = "ok" | "warning" | "failure";

/** What one check found. */
export interface Finding {
  /** The check's name, which the documentation explains: `npu-driver`. */
  readonly check: string;
  readonly level: Level;
  /** One sentence. */
  readonly text: string;
  /** The command that mends it, or that shows what has to be known first; findings that are ok have none. */
  readonly fix?: string;
}

/** Checks that belong together. */
export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** Everything that was found. */
export interface Report {
  /** The worst of all findings. */
  readonly level: Level;
  readonly sections: readonly Section[];
}

/** It is as it should be. */
export function ok(check: string, text: string): Finding {
  return { check, level: "ok", text };
}

/** Something may go wrong, or is slower than it has to be. */
export function warning(check: string, text: string, fix: string): Finding {
  return { check, level: "warning", text, fix };
}

/** Something does not work. */
export function failure(check: string, text: string, fix: string): Finding {
  return { check, level: "failure", text, fix };
}

/** A report of these sections, without the empty ones. */
export function reportOf(sections: readonly Section[]): Report {
  const levels = new Set(sections.flatMap(({ findings }) => findings.map(({ level }) => level)));
  const level = levels.has("failure") ? "failure" : levels.has("warning") ? "warning" : "ok";
  return { level, sections: sections.filter(({ findings }) => findings.length > 0) };
}
