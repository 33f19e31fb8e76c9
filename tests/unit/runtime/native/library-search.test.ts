import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { AppError } from "../../../../src/core/errors.ts";
import { findRuntimeLibraries, libraryCandidates, librarySearchFolders } from "../../../../src/runtime/native/library-search.ts";
import { libraryBytes } from "../../../support/fake-machine.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const ARM64 = { arch: "arm64" };
const sdk = (version: string) => libraryBytes("arm64", `RKLLM SDK (version: ${version})`);

/** A folder with these files; the content of a library is what it says of itself. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content, "latin1");
  }
  return folder;
}

type Search = Partial<Parameters<typeof findRuntimeLibraries>[0]>;
const find = (search: Search) => findRuntimeLibraries({ ...ARM64, folders: [], ...search });
const versionsOf = (search: Search) => find(search).libraries.map(({ version }) => version);
const pathsOf = (search: Search) => find(search).libraries.map(({ path }) => path);

function refusal(action: () => unknown): readonly [string, string] {
  try {
    action();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.message];
    throw error;
  }
  throw new Error("Nothing was refused");
}

describe("findRuntimeLibraries()", () => {
  test("finds every version beside the others, the newest first", () => {
    const folder = folderOf({
      "librkllmrt.so": sdk("1.2.2"),
      "librkllmrt-1.2.3.so": sdk("1.2.3"),
      "librkllmrt.so.1.3.0": sdk("1.3.0"),
      "release-v1.2.1/librkllmrt.so": sdk("1.2.1"),
      "librkllmrt.so.bak": sdk("1.2.3"),
      "librknnrt.so": sdk("1.2.3"),
      "old/librkllmrt.so": sdk("1.2.3"),
    });
    expect(versionsOf({ folders: [folder] })).toEqual(["1.3.0", "1.2.3", "1.2.2", "1.2.1"]);
    expect(versionsOf({ named: [folder], folders: ["/nowhere"] })).toEqual(["1.3.0", "1.2.3", "1.2.2", "1.2.1"]);
  });

  test("takes the first of several folders for one version, and every file that is named", () => {
    const folders = [join("/nowhere"), folderOf({ "librkllmrt.so": sdk("1.3.0") }), folderOf({ "librkllmrt.so": sdk("1.3.0") })];
    expect(pathsOf({ folders })).toEqual([join(folders[1]!, "librkllmrt.so")]);
    expect(pathsOf({ named: folders.slice(1) })).toEqual(folders.slice(1).map((folder) => join(folder, "librkllmrt.so")));
  });

  test("counts a link to another file that it found as that file", () => {
    const folder = folderOf({ "librkllmrt.so.1.3.0": sdk("1.3.0") });
    symlinkSync("librkllmrt.so.1.3.0", join(folder, "librkllmrt.so"));
    expect(pathsOf({ named: [folder] })).toEqual([join(folder, "librkllmrt.so")]);
  });

  test("takes a named file whatever its name, as an absolute path, and looks at nothing else", () => {
    const path = join(folderOf({ "mine.so": sdk("1.2.3") }), "mine.so");
    const folders = [folderOf({ "librkllmrt.so": sdk("1.3.0") })];
    expect(pathsOf({ named: [relative(process.cwd(), path)], folders })).toEqual([path]);
  });

  test("gives an override to the only library, and among several to those that tell nothing known", () => {
    const silent = folderOf({ "librkllmrt.so": libraryBytes("arm64", "nothing") });
    expect(versionsOf({ folders: [silent], versionOverride: "1.2.2" })).toEqual(["1.2.2"]);
    expect(versionsOf({ folders: [folderOf({ "librkllmrt.so": sdk("1.3.0") })], versionOverride: "1.2.2" })).toEqual(["1.2.2"]);
    const several = folderOf({ "librkllmrt.so": sdk("9.9.9"), "librkllmrt-1.2.3.so": sdk("1.2.3") });
    expect(versionsOf({ folders: [several], versionOverride: "1.3.0" })).toEqual(["1.3.0", "1.2.3"]);
  });

  test("says why those are left out that cannot be used, where another can", () => {
    const folder = folderOf({ "librkllmrt.so": "<!doctype html>", "librkllmrt-1.2.3.so": sdk("1.2.3") });
    const { libraries, faults } = find({ named: [folder, join(folder, "gone.so")] });
    expect(libraries.map(({ version }) => version)).toEqual(["1.2.3"]);
    expect(faults.map(({ message }) => message)).toEqual([
      `There is no runtime library at ${folder}/gone.so.`,
      expect.stringContaining(`${folder}/librkllmrt.so is not a Linux shared library`),
    ]);
  });

  test("refuses with the first fault where none can be used", () => {
    const folder = folderOf({ "librkllmrt.so": sdk("1.1.4"), "librkllmrt-1.2.3.so": "<!doctype html>" });
    expect(refusal(() => find({ folders: [folder] }))).toEqual([
      "runtime_version_unknown",
      expect.stringContaining(`The version "1.1.4" of the runtime library ${folder}/librkllmrt.so is not known`) as unknown as string,
    ]);
  });

  test("names every place it looked at and where the library is to be had", () => {
    expect(refusal(() => find({ folders: ["/nowhere/a", "/nowhere/b"] }))).toEqual([
      "runtime_library_missing",
      "Rockchip's runtime library was not found. Looked at: /nowhere/a/librkllmrt.so, /nowhere/b/librkllmrt.so. Download it from " +
        "https://github.com/airockchip/rknn-llm (rkllm-runtime/Linux/librkllm_api/aarch64) into /usr/lib, or name the file with --runtime, " +
        "and restart the server; `rockchip-llama doctor` prints the commands.",
    ]);
  });

  test("does not replace a named file that is missing by another", () => {
    const folders = [folderOf({ "librkllmrt.so": sdk("1.3.0") })];
    const [, message] = refusal(() => find({ named: ["/nowhere/x.so"], folders }));
    expect(message).toStartWith("Rockchip's runtime library was not found. Looked at: /nowhere/x.so.");
  });

  test("says on a PC that the library exists for boards only", () => {
    const [, message] = refusal(() => find({ arch: "x64", folders: ["/nowhere"] }));
    expect(message).toEndWith(
      "Rockchip publishes it for 64-bit ARM only: .rkllm models need a Rockchip board, .gguf models run here without it.",
    );
  });
});

test("libraryCandidates() names the usual file of a folder whether it is there or not", () => {
  const folder = folderOf({ "1.2.3/librkllmrt.so": "", "1.3.0/readme": "" });
  expect(libraryCandidates({ folders: [folder, folder] })).toEqual([join(folder, "librkllmrt.so"), join(folder, "1.2.3/librkllmrt.so")]);
});

describe("librarySearchFolders()", () => {
  test("goes from the system's folders to the executable's and the checkout's", () => {
    expect(librarySearchFolders({ arch: "arm64", executable: "/opt/rockchip-llama/bin/rockchip-llama", projectFolder: "/src" })).toEqual([
      "/usr/lib",
      "/usr/lib/aarch64-linux-gnu",
      "/usr/local/lib",
      "/opt/rockchip-llama/bin",
      "/src/external",
    ]);
  });

  test("knows no checkout in a compiled binary", () => {
    expect(librarySearchFolders({ arch: "x64", executable: "/usr/bin/rockchip-llama" })).toEqual([
      "/usr/lib",
      "/usr/lib/x86_64-linux-gnu",
      "/usr/local/lib",
      "/usr/bin",
    ]);
  });
});
