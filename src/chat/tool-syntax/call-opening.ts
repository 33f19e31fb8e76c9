/** How a call begins in each syntax: what the answer is made to begin with where a call must come. */
import type { ToolSyntax } from "../../core/runtime.ts";

/**
 * The text, ending where a vocabulary ends a token: not behind the space that belongs to the next one.
 * @param name The function to be called; absent: any.
 */
export function callOpening(_syntax: ToolSyntax, name?: string): string {
  return name === undefined ? '<tool_call>\n{"name":' : `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments":`;
}
