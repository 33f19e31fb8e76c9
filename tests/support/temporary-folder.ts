/** Folders that go when the tests of a file are done. */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new empty folder; removed after the last test of the file that asks for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rockchip-llama-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
