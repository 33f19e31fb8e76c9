/** A figure over time: a line where it was known, a table for who cannot see it. */
import { useSignal } from "@preact/signals";
import { short } from "../parts/format.ts";

interface PlotParts {
  readonly title: string;
  readonly unit: string;
  /** Begin of each sample, ISO 8601, the oldest first. */
  readonly times: readonly string[];
  /** One for each time; null where there is nothing to know. */
  readonly values: readonly (number | null)[];
}

const WIDTH = 600;
const HEIGHT = 120;
/** Keeps the line's own width inside. */
const INSET = 3;

/** Draws the values from 0 to their highest. */
export function Plot({ title, unit, times, values }: PlotParts) {
  const pointed = useSignal<number | null>(null);
  const known = values.filter((value) => value !== null);
  const highest = Math.max(...known, 0);
  const last = known.at(-1);
  const shownAt = pointed.value;
  const shown = shownAt === null ? undefined : values[shownAt];
  const said =
    shownAt === null
      ? `last ${last === undefined ? "none" : short(last)}, highest ${short(highest)} ${unit}`
      : `${clock(times[shownAt])}: ${shown == null ? "nothing" : `${short(shown)} ${unit}`}`;
  return (
    <figure class="plot">
      <figcaption>
        <strong>{title}</strong> <span class="hint">{said}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} from ${clock(times[0])} to ${clock(times.at(-1))}: last ${last === undefined ? "none" : short(last)}, highest ${short(highest)} ${unit}`}
        onPointerMove={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          const index = Math.round(((event.clientX - left) / width) * (values.length - 1));
          pointed.value = Math.min(Math.max(index, 0), values.length - 1);
        }}
        onPointerLeave={() => (pointed.value = null)}
      >
        <path class="plot-line" d={linePath(values, highest)} />
        {shownAt !== null && <path class="plot-mark" d={`M${xOf(shownAt, values.length)} 0V${HEIGHT}`} />}
      </svg>
      <p class="plot-axis" aria-hidden="true">
        <span>{clock(times[0])}</span>
        <span>{clock(times.at(-1))}</span>
      </p>
      <details>
        <summary>As a table</summary>
        <div class="table" tabIndex={0} role="group" aria-label={`${title} as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">{unit}</th>
              </tr>
            </thead>
            <tbody>
              {values.map((value, index) =>
                value === null || value === 0 ? null : (
                  <tr key={times[index]}>
                    <td>{clock(times[index])}</td>
                    <td class="right">{short(value)}</td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}

function clock(time: string | undefined): string {
  return time === undefined ? "" : new Date(time).toLocaleTimeString();
}

function xOf(index: number, length: number): number {
  return INSET + (index / Math.max(length - 1, 1)) * (WIDTH - 2 * INSET);
}

/** Pieces between gaps; a value that stands alone is a dot. */
function linePath(values: readonly (number | null)[], highest: number): string {
  let isDrawing = false;
  return values
    .map((value, index) => {
      if (value === null) {
        isDrawing = false;
        return "";
      }
      const y = HEIGHT - INSET - (highest === 0 ? 0 : value / highest) * (HEIGHT - 2 * INSET);
      const command = isDrawing ? "L" : "M";
      const dot = isDrawing ? "" : "h0.1";
      isDrawing = true;
      return `${command}${xOf(index, values.length).toFixed(1)} ${y.toFixed(1)}${dot}`;
    })
    .join("");
}
