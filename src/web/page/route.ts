/** Where in the page one is, as the address says after `#`: so that links and the browser's buttons work. */
import { signal } from "@preact/signals";

/** A place. */
export interface Route {
  readonly view: "chat" | "status";
  /** The conversation that is looked at; undefined for a new one. */
  readonly conversation: string | undefined;
}

function read(): Route {
  const [, view, id] = location.hash.split("/");
  return { view: view === "status" ? "status" : "chat", conversation: view === "chat" ? id : undefined };
}

/** The place one is at. */
export const route = signal<Route>(read());

addEventListener("hashchange", () => (route.value = read()));
