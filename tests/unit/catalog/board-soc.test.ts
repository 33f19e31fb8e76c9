import { expect, test } from "bun:test";
import { readBoardSoc, socOfCompatible } from "../../../src/catalog/board-soc.ts";

test.each([
  ["radxa,rock-5b\0rockchip,rk3588\0", "rk3588"],
  ["xunlong,orangepi-5\0rockchip,rk3588s\0rockchip,rk3588\0", "rk3588"],
  ["khadas,edge2\0rockchip,rk3588s\0", "rk3588"],
  ["rockchip,rk3576-evb1-v10\0rockchip,rk3576\0", "rk3576"],
  ["rockchip,rk3562\0", "rk3562"],
  ["rockchip,rv1126b-evb\0rockchip,rv1126b\0", "rv1126b"],
  ["rockchip,rv1126\0", null],
  ["radxa,rock-4\0rockchip,rk3399\0", null],
  ["raspberrypi,4-model-b\0brcm,bcm2711\0", null],
  ["", null],
] as const)("%j is %p", (compatible, soc) => {
  expect(socOfCompatible(compatible)).toBe(soc);
});

test("a machine without a device tree has no known SoC", async () => {
  expect(await readBoardSoc("/nonexistent/compatible")).toBeNull();
});
