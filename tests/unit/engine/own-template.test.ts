import { expect, test } from "bun:test";
import { ownTemplate } from "../../../src/engine/own-template.ts";

test("a client's template is read and not run: that could take for ever", async () => {
  const loops = "{% for i in range(300) %}".repeat(4);
  const endless = `${loops}x${"{% endfor %}".repeat(4)}`;
  expect(await ownTemplate(endless, null)).toBe(endless);
});

test("a template that does not parse is refused with the fault", async () => {
  expect(ownTemplate("{% for %}", null)).rejects.toMatchObject({ code: "invalid_request", details: { field: "template" } });
});
