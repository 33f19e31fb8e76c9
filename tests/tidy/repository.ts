/** The repository's files, as the tidy tests read them: everything git tracks or would track. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

/** Paths relative to the root, sorted. */
export const PATHS: readonly string[] = listPaths();

/** Those of TypeScript files in one of the folders. */
export function sources(...folders: readonly string[]): string[] {
  return PATHS.filter((path) => path.endsWith(".ts") && folders.some((folder) => path.startsWith(`${folder}/`)));
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

function listPaths(): string[] {
  const { stdout, success } = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"], {
    cwd: ROOT,
  });
  if (!success) throw new Error("The tidy tests need git, and a clone of the repository to run in.");
  const listed = stdout.toString().split("\n");
  return listed.filter((path) => path !== "" && existsSync(join(ROOT, path))).toSorted();
}
