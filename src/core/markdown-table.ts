/** Markdown tables as the formatter leaves them: columns padded to the widest cell. */

/** A text as code. */
export function codeCell(text: string): string {
  return `\`${text}\``;
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = "", ...others] = all.map(line);
  return [first, line(widths.map((width) => "-".repeat(width))), ...others].join("\n");
}
