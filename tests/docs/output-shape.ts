/** Whether what a command printed looks like what its document shows. */

/** What the output lacks, as sentences; none when it fits. */
export function outputFaults(language: string, shown: string, printed: string): string[] {
  return language === "json" ? jsonFaults(shown, printed) : textFaults(shown, printed);
}

/** Every line that is shown has to come, in this order; numbers are any numbers, and `…` is any text. */
function textFaults(shown: string, printed: string): string[] {
  const lines = printed.split("\n");
  let next = 0;
  for (const line of shown.split("\n").filter((text) => text.trim() !== "" && text.trim() !== "…")) {
    const pattern = patternOf(line);
    const found = lines.findIndex((candidate, index) => index >= next && pattern.test(candidate));
    if (found === -1) return [`no line like "${line.trim()}" in what came:\n${printed}`];
    next = found + 1;
  }
  return [];
}

function patternOf(line: string): RegExp {
  const source = line
    .trim()
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\d+/g, String.raw`\d+`)
    .replaceAll("…", ".*")
    .replaceAll(/\s+/g, String.raw`\s+`);
  return new RegExp(`^\\s*${source}\\s*$`);
}

/** Every key that is shown has to be there, with a value of the same type. */
function jsonFaults(shown: string, printed: string): string[] {
  try {
    return shapeFaults(JSON.parse(shown.replaceAll("…", "")) as unknown, JSON.parse(printed) as unknown, "");
  } catch (error) {
    return [`${String(error)} in what came:\n${printed}`];
  }
}

function shapeFaults(shown: unknown, printed: unknown, at: string): string[] {
  if (typeName(shown) !== typeName(printed)) return [`${at === "" ? "it" : at} is ${typeName(printed)}, not ${typeName(shown)}`];
  if (Array.isArray(shown) && Array.isArray(printed)) {
    if (shown.length > 0 && printed.length === 0) return [`${at} is empty`];
    return shown.slice(0, printed.length).flatMap((item, index) => shapeFaults(item, printed[index], `${at}[${index}]`));
  }
  if (typeName(shown) !== "an object") return [];
  const have = printed as Readonly<Record<string, unknown>>;
  return Object.entries(shown as object).flatMap(([key, value]) =>
    key in have ? shapeFaults(value, have[key], `${at}.${key}`) : [`${at}.${key} is not there`],
  );
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
