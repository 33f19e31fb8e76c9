import { expect, test } from "bun:test";
import { relativeTime } from "../../../src/cli/relative-time.ts";

const NOW_MS = Date.parse("2026-01-08T12:00:00Z");
const SECOND = 1000;
const DAY = 86_400 * SECOND;

test.each([
  [-300, "Less than a second ago"],
  [-SECOND, "1 second ago"],
  [-59 * SECOND, "59 seconds ago"],
  [-90 * SECOND, "About a minute ago"],
  [4 * 60 * SECOND + 59_000, "4 minutes from now"],
  [-3600 * SECOND, "About an hour ago"],
  [-47 * 3600 * SECOND, "47 hours ago"],
  [-3 * DAY, "3 days ago"],
  [-20 * DAY, "2 weeks ago"],
  [-100 * DAY, "3 months ago"],
  [-800 * DAY, "2 years ago"],
  [292 * 365 * DAY, "Forever"],
])("%p ms away is told as %p", (awayMs, told) => {
  expect(relativeTime(new Date(NOW_MS + awayMs).toISOString(), NOW_MS)).toBe(told);
});

test("what is no time is a dash", () => {
  expect(relativeTime("soon", NOW_MS)).toBe("-");
});
