/** Starts the page, and brings it up to date when somebody comes back to it from another window of it. */
import { render } from "preact";
import { running } from "./chat/answering.ts";
import { restoreConversations } from "./conversation/conversations.ts";
import { PageFrame } from "./page-frame.tsx";

const place = document.querySelector("#page");
if (place !== null) {
  await restoreConversations();
  render(<PageFrame />, place);
  addEventListener("focus", () => {
    if (running.value.size === 0) void restoreConversations();
  });
}
