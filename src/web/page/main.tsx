/** Starts the page. */
import { render } from "preact";
import { restoreConversations } from "./conversation/conversations.ts";
import { PageFrame } from "./page-frame.tsx";

const place = document.querySelector("#page");
if (place !== null) {
  await restoreConversations();
  render(<PageFrame />, place);
}
