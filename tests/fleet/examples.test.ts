/** The examples in config/deploy, read by the programs they are for. */
import { expect, test } from "bun:test";
import { EXAMPLES } from "./fleet.ts";

test.skipIf(Bun.which("haproxy") === null)("haproxy takes its example without a warning (skipped where it is not installed)", () => {
  const { exitCode, stderr } = Bun.spawnSync(["haproxy", "-c", "-q", "-dW", "-f", EXAMPLES.haproxy]);
  expect({ exitCode, said: stderr.toString() }).toEqual({ exitCode: 0, said: "" });
});

test.skipIf(Bun.which("nginx") === null)("nginx takes its example without a warning (skipped where it is not installed)", () => {
  const { exitCode, stderr } = Bun.spawnSync(["nginx", "-t", "-q", "-e", "stderr", "-c", EXAMPLES.nginx, "-g", "pid /dev/null;"]);
  expect({ exitCode, said: stderr.toString() }).toEqual({ exitCode: 0, said: "" });
});
