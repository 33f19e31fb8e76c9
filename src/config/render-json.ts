/** JSON as the formatter leaves it: an object a line for each key, a list on one line if it fits. */

/** The repository's line length. */
const COLUMNS = 140;

export function renderJson(value: unknown): string {
  return `${render(value, "", 0)}\n`;
}

/** @param taken Columns that stand before the value on its first line, and one for a comma behind it. */
function render(value: unknown, indent: string, taken: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const oneLine = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    const holdsObjects = value.some((item) => typeof item === "object" && item !== null);
    if (!holdsObjects && taken + oneLine.length <= COLUMNS) return oneLine;
    return `[\n${value.map((item) => inner + render(item, inner, inner.length + 1)).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  const lines = entries.map(([name, item]) => {
    const head = `${inner}${JSON.stringify(name)}: `;
    return head + render(item, inner, head.length + 1);
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}
