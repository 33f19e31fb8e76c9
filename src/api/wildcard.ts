/** Patterns of the configuration in which `*` stands for any text. */

/** The pattern as a regular expression that the whole text has to fit, without regard to case. */
export function wildcard(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "i");
}
