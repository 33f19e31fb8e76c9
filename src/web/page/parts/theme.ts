/** Light or dark: as the system says, unless the person says otherwise. */
import { effect, signal } from "@preact/signals";

const STORED_AS = "rockchip-llama.theme";

/** What the person wants. */
export type Theme = "system" | "light" | "dark";

const stored = localStorage.getItem(STORED_AS);

/** The choice; it is remembered. */
export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "system");

effect(() => {
  localStorage.setItem(STORED_AS, theme.value);
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});
