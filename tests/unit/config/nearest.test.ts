import { expect, test } from "bun:test";
import { nearestName } from "../../../src/config/nearest.ts";

test.each([
  ["queue_dept_max", "queue_depth_max"],
  ["queueDepthMax", "queue_depth_max"],
  ["--queue-depth-max", "queue_depth_max"],
  ["PORT", "port"],
  ["hots", "host"],
  ["something_else_entirely", undefined],
  ["", undefined],
])("%p stands for %p", (given, meant) => {
  expect(nearestName(given, ["host", "port", "queue_depth_max"])).toBe(meant);
});
