/** Characters that Markdown may spell by name or number. The few names that models write; others stay as they are. */
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  hellip: "…",
  ndash: "–",
  mdash: "—",
  larr: "←",
  rarr: "→",
  times: "×",
  deg: "°",
  euro: "€",
  copy: "©",
};

const CODE_POINT_MAX = 0x10_ff_ff;

/** The text with its entities as characters. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex ?? "0", 16) : Number(decimal);
    return code === 0 || code > CODE_POINT_MAX ? "\ufffd" : String.fromCodePoint(code);
  });
}
