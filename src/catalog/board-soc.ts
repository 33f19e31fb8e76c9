/** Which SoC this machine is. */
import { readFile } from "node:fs/promises";
import { type Soc, SOCS } from "../core/model.ts";

/** The kernel's own statement, on every board that boots with a device tree. */
const COMPATIBLE_PATH = "/proc/device-tree/compatible";

/** The SoC that a device tree's `compatible` list names; null for every other machine. */
export function socOfCompatible(compatible: string): Soc | null {
  const text = compatible.toLowerCase();
  return SOCS.find((soc) => text.includes(`rockchip,${soc}`)) ?? null;
}

/** The board's SoC; null where the machine is no Rockchip board with a known NPU, or does not say (some containers). */
export async function readBoardSoc(path: string = COMPATIBLE_PATH): Promise<Soc | null> {
  try {
    return socOfCompatible(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}
