/** A window in front of the page. The browser keeps the focus inside, closes it with Escape and gives the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface DialogParts {
  readonly title: string;
  /** A drawer stands at a side of the page. */
  readonly kind?: "window" | "drawer-start" | "drawer-end";
  onClose(this: void): void;
  readonly children: ComponentChildren;
}

/** Shown as long as it is rendered. */
export function Dialog({ title, kind = "window", onClose, children }: DialogParts) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog
      ref={element}
      class={kind}
      aria-labelledby={heading}
      onClose={onClose}
      onClick={(event) => event.target === element.current && element.current?.close()}
    >
      <div class="dialog-body">
        <header>
          <h2 id={heading}>{title}</h2>
          <button type="button" class="quiet" onClick={() => element.current?.close()}>
            Close
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
