import { expect, test } from "bun:test";
import { supervision, withoutSupervision } from "../../../src/config/systemd-variables.ts";

test("a process that no service manager started reports to nobody", () => {
  expect(supervision({}, 7)).toBeNull();
  expect(supervision({ NOTIFY_SOCKET: "", WATCHDOG_USEC: "1000000" }, 7)).toBeNull();
});

test.each([
  [{}, null],
  [{ WATCHDOG_USEC: "60000000" }, 60_000],
  [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }, 60_000],
  [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, null],
  [{ WATCHDOG_USEC: "0" }, null],
  [{ WATCHDOG_USEC: "soon" }, null],
])("with %p the watchdog waits %p ms", (variables, watchdogMs) => {
  expect(supervision({ NOTIFY_SOCKET: "/run/systemd/notify", ...variables }, 7)).toEqual({ socket: "/run/systemd/notify", watchdogMs });
});

test("child processes are not told where to report", () => {
  expect(withoutSupervision({ HOME: "/", NOTIFY_SOCKET: "@a", WATCHDOG_USEC: "1", WATCHDOG_PID: "7" })).toEqual({ HOME: "/" });
});
