import { expect, test } from "bun:test";
import { isOpenDoor, refuseOpenDoor } from "../../../../src/api/access/open-door.ts";
import { AppError } from "../../../../src/core/errors.ts";

const CLOSED = { host: "127.0.0.1", keys: 0, networks: 0, insecure: false };

function refusal(change: Partial<typeof CLOSED>): string {
  try {
    refuseOpenDoor({ ...CLOSED, ...change });
  } catch (thrown) {
    const { code, message } = AppError.from(thrown);
    return `${code}: ${message}`;
  }
  return "";
}

test("an address that other machines reach needs keys, networks or somebody who wants it open", () => {
  expect(refusal({ host: "0.0.0.0" })).toBe(
    [
      "config_invalid: The server would listen on 0.0.0.0, where other machines reach it, and let everybody in. Choose one of three:",
      "- keys: rockchip-llama keys add <name>, or the variable ROCKCHIP_LLAMA_API_KEY",
      "- networks that need no key: --allow 192.168.0.0/16",
      "- everybody who reaches it: --insecure",
    ].join("\n"),
  );
  const safe = [{}, { host: "localhost" }, { host: "::1" }, { host: "0.0.0.0", keys: 1 }, { host: "::", networks: 1 }];
  expect([...safe, { host: "192.168.1.2", insecure: true }].map(refusal)).toEqual(["", "", "", "", "", ""]);
  expect(["::", "192.168.1.2", "board.local", "127.example.com"].map((host) => refusal({ host }) === "")).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test("a door is open only where everybody is let in", () => {
  const exposures = [{ insecure: true }, { host: "::", insecure: true }, { host: "::", insecure: true, keys: 1 }];
  expect(exposures.map((change) => isOpenDoor({ ...CLOSED, ...change }))).toEqual([false, true, false]);
});
