/** One part of the status view. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface PanelParts {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** A section under its heading. */
export function Panel({ title, children }: PanelParts) {
  const heading = useId();
  return (
    <section class="panel" aria-labelledby={heading}>
      <h2 id={heading}>{title}</h2>
      {children}
    </section>
  );
}
