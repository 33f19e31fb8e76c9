import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { availableMemory, containerRoom } from "../../../src/runtime/available-memory.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function room(files: Readonly<Record<string, string>>): number {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return containerRoom(folder);
}

test("a container's room is what its limit leaves, with the files' pages that nobody uses", () => {
  const stat = "anon 100\nfile 300\nactive_file 100\ninactive_file 200\n";
  expect({
    limited: room({ "memory.max": "1000\n", "memory.current": "400\n", "memory.stat": stat }),
    over: room({ "memory.max": "1000\n", "memory.current": "1400\n", "memory.stat": stat }),
    unlimited: room({ "memory.max": "max\n", "memory.current": "400\n", "memory.stat": stat }),
    none: room({}),
  }).toEqual({ limited: 800, over: 0, unlimited: Infinity, none: Infinity });
});

test("this machine has some memory, and not without end", () => {
  expect([availableMemory() > 0, Number.isFinite(availableMemory())]).toEqual([true, true]);
});
