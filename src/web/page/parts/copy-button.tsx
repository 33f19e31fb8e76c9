/** A button that copies a text and says that it has. */
import { useSignal } from "@preact/signals";

const SHOWN_MS = 2000;

/** `label` is what screen readers say. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const state = useSignal<"Copy" | "Copied" | "Not copied">("Copy");
  const copy = async (): Promise<void> => {
    state.value = (await copyText(text)) ? "Copied" : "Not copied";
    setTimeout(() => (state.value = "Copy"), SHOWN_MS);
  };
  return (
    <button type="button" class="quiet" aria-label={state.value === "Copy" ? label : state.value} onClick={() => void copy()}>
      {state}
    </button>
  );
}

/** Pages over plain http from another machine have no clipboard of the new kind. */
async function copyText(text: string): Promise<boolean> {
  try {
    if (isSecureContext) {
      await navigator.clipboard.writeText(text);
      return true;
    }
    const focused = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return copied;
  } catch {
    return false;
  }
}
