/** Results as a picture: every figure with a target as a bar against it, below them the curves. SVG without scripts or fonts of its own. */
import type { Figure, Series } from "./measurement.ts";
import { meetsAim } from "./measurement.ts";
import { aimText, type Results } from "./results.ts";
import { numberText } from "../src/bench/report-markdown.ts";

const WIDTH = 960;
const ROW = 22;
const LABELS = 470;
const VALUES = 190;
const CURVE = { width: 440, height: 220, left: 62, bottom: 40, top: 30 } as const;
/** Where the target lies on a bar's axis; a bar beyond the axis's end is cut there. */
const TARGET_SHARE = 0.6;
const COLOURS = { holds: "#2f855a", misses: "#c53030", line: "#2b6cb0", text: "#1a202c", faint: "#a0aec0" } as const;

/** The whole picture. */
export function resultsChart({ day, machine, results }: Results): string {
  const figures = results.flatMap((result) => result.figures.filter((figure) => meetsAim(figure) !== null));
  const curves = results.flatMap(({ series = [] }) => series).filter(({ points }) => points.length > 1);
  const barsEnd = 60 + figures.length * ROW;
  const height = barsEnd + 20 + Math.ceil(curves.length / 2) * (CURVE.height + 20);
  const targetX = LABELS + (WIDTH - LABELS - VALUES) * TARGET_SHARE;
  const rule = `<line x1="${targetX}" x2="${targetX}" y1="44" y2="${barsEnd}" stroke="${COLOURS.text}" stroke-dasharray="3 3"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="${COLOURS.text}">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(16, 24, `${day}, ${machine.cpu}, ${machine.cores} cores`, { size: 15 }),
    text(targetX, 40, "target", { anchor: "middle" }),
    ...figures.map((figure, index) => bar(figure, 50 + index * ROW)),
    ...(figures.length === 0 ? [] : [rule]),
    ...curves.map((series, index) =>
      curve(series, 20 + (index % 2) * (WIDTH / 2), barsEnd + 20 + Math.floor(index / 2) * (CURVE.height + 20)),
    ),
    "</svg>",
    "",
  ].join("\n");
}

/** One figure: as long as it is large beside its target, green where it is on the right side of it. */
function bar(figure: Figure, y: number): string {
  const aim = figure.aimMin ?? figure.aimMax ?? 0;
  const value = figure.value ?? 0;
  const room = WIDTH - LABELS - VALUES;
  // A target of 0 has no scale: whatever is above it fills the row.
  const share = aim === 0 ? (value === 0 ? 0 : 1) : (value / aim) * TARGET_SHARE;
  const width = Math.min(Math.max(share, 0), 1) * room;
  const colour = meetsAim(figure) === true ? COLOURS.holds : COLOURS.misses;
  return [
    text(LABELS - 8, y + 13, figure.name, { anchor: "end" }),
    `<rect x="${LABELS}" y="${y + 3}" width="${width.toFixed(1)}" height="${ROW - 8}" fill="${colour}"/>`,
    text(WIDTH - VALUES + 8, y + 13, `${`${numberText(value)} ${figure.unit}`.trim()} (${aimText(figure)})`),
  ].join("");
}

function curve({ name, x, y, points }: Series, left: number, top: number): string {
  const { width, height } = CURVE;
  const [xMax, yMax] = [Math.max(...points.map((point) => point.x)), Math.max(...points.map((point) => point.y))];
  const toX = (value: number) => left + CURVE.left + (xMax === 0 ? 0 : (value / xMax) * (width - CURVE.left - 50));
  const toY = (value: number) => top + height - CURVE.bottom - (yMax === 0 ? 0 : (value / yMax) * (height - CURVE.bottom - CURVE.top));
  const [originX, originY] = [toX(0), toY(0)];
  const line = points.map((point) => `${toX(point.x).toFixed(1)},${toY(point.y).toFixed(1)}`).join(" ");
  return [
    text(left, top + 14, `${name}: ${y}`, { size: 13 }),
    `<path d="M${originX} ${toY(yMax)}V${originY}H${toX(xMax)}" fill="none" stroke="${COLOURS.faint}"/>`,
    `<polyline points="${line}" fill="none" stroke="${COLOURS.line}" stroke-width="2"/>`,
    ...points
      .filter(({ label }) => label !== "")
      .map((point) => text(toX(point.x) + 5, toY(point.y) - 5, point.label) + dot(toX(point.x), toY(point.y))),
    text(originX - 6, toY(yMax) + 4, numberText(yMax), { anchor: "end" }),
    text(toX(xMax), originY + 16, numberText(xMax), { anchor: "middle" }),
    text(originX, originY + 32, x),
  ].join("");
}

function dot(x: number, y: number): string {
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${COLOURS.line}"/>`;
}

function text(x: number, y: number, content: string, options: { readonly anchor?: "middle" | "end"; readonly size?: number } = {}): string {
  const anchor = options.anchor === undefined ? "" : ` text-anchor="${options.anchor}"`;
  const size = options.size === undefined ? "" : ` font-size="${options.size}"`;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${anchor}${size}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
