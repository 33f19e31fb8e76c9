/** What the library printed last, for the error of a model that did not open. */

const LINES_MAX = 3;

/**
 * A message with the library's last lines behind it.
 * @param anything whether lines that speak of no error are worth showing where none does
 */
export function withLastWords(message: string, lines: readonly string[], anything: boolean): string {
  const alarming = lines.filter((line) => /^E |error|fail/i.test(line));
  const said = alarming.length === 0 && anything ? lines : alarming;
  return said.length === 0 ? message : `${message}. It said: ${said.slice(-LINES_MAX).join(" | ")}`;
}
