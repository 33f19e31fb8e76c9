/** The repository's files, as the tidy tests read them: everything git tracks or would track. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

/** Everything but what building, installing and fetching leave behind (.gitignore names the same). */
const LEFT_BEHIND = /(^|\/)(node_modules|\.git|\.cache|dist|coverage)\/|^models\/(?!README\.md)|^external\/rkllm-cpu\/build\/|\.log$/;

/** Paths relative to the root, sorted. */
export const PATHS: readonly string[] = listPaths();

/** Those of TypeScript files in one of the folders. */
export function sources(...folders: readonly string[]): string[] {
  return PATHS.filter((path) => /\.tsx?$/.test(path) && folders.some((folder) => path.startsWith(`${folder}/`)));
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Places, as `path:line: the line`, where `matches` says yes. */
export function linesWhere(files: readonly string[], matches: (line: string, path: string) => boolean): string[] {
  return files.flatMap((path) =>
    readText(path)
      .split("\n")
      .flatMap((line, index) => (matches(line, path) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  );
}

/** Git knows what belongs to the repository; a source archive on a machine without git is looked through instead. */
function listPaths(): string[] {
  const listed = Bun.which("git") !== null && existsSync(join(ROOT, ".git")) ? listTracked() : listUnpacked();
  return listed.filter((path) => path !== "" && existsSync(join(ROOT, path))).toSorted();
}

function listTracked(): string[] {
  const { stdout } = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"], { cwd: ROOT });
  return stdout.toString().split("\n");
}

function listUnpacked(): string[] {
  return [...new Bun.Glob("**").scanSync({ cwd: ROOT, dot: true })].filter((path) => !LEFT_BEHIND.test(path));
}
