/** How a call begins in each syntax: what the answer is made to begin with where a call must come. */
import type { ToolSyntax } from "../../core/runtime.ts";
import { SYNTAXES } from "./table.ts";

/**
 * The text, ending where a vocabulary ends a token: not behind the space or sign that belongs to the next one.
 * "" where a call cannot be begun: Functionary's of any function.
 * @param name The function to be called; absent: any.
 */
export function callOpening(syntax: ToolSyntax, name?: string): string {
  return SYNTAXES[syntax].opening(name);
}
