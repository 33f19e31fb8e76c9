/** A reading with a bar. */

interface GaugeParts {
  readonly label: string;
  /** 0 to 1; null draws no bar. */
  readonly value: number | null;
  readonly text: string;
}

/** A term and its value in a list of them. */
export function Gauge({ label, value, text }: GaugeParts) {
  return (
    <div class="gauge">
      <dt>{label}</dt>
      <dd>
        {text}
        {value !== null && <meter aria-label={label} min={0} max={1} value={Math.min(Math.max(value, 0), 1)} />}
      </dd>
    </div>
  );
}
