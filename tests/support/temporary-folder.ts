/**
 * Folders for the files of tests. All lie in one, which goes when all tests are done, however they went: bunfig.toml loads this file before
 * them, so that its `afterAll` is the last of all. Processes that tests start use their parent's.
 */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VARIABLE = "TEST_TEMPORARY_FOLDER";
const inherited = process.env[VARIABLE];
const root = inherited ?? mkdtempSync(join(tmpdir(), "rockchip-llama-test-"));
process.env[VARIABLE] = root;
// Servers that tests start have no API keys, whatever its owner's own server has, and keep no prompts among those of its owner.
process.env["XDG_DATA_HOME"] = join(root, "data");
process.env["XDG_CACHE_HOME"] = join(root, "cache");
if (inherited === undefined) {
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });
}

/** A new empty folder. */
export function temporaryFolder(): string {
  return mkdtempSync(join(root, "folder-"));
}
