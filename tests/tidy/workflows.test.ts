/** What GitHub runs of this repository: nothing that can change behind our back, with no right that it does not use. */
import { expect, test } from "bun:test";
import { linesWhere, PATHS, readText } from "./repository.ts";

const WORKFLOWS = PATHS.filter((path) => path.startsWith(".github/workflows/"));
const TEMPLATES = PATHS.filter((path) => path.startsWith(".github/ISSUE_TEMPLATE/") && !path.endsWith("/config.yml"));

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, { readonly permissions?: Readonly<Record<string, string>> }>>;
}

test("every action is pinned to a commit, with its version beside it", () => {
  const pinned = /\buses: (?:\.\/[\w./-]+|[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;
  expect(WORKFLOWS.length).toBeGreaterThan(0);
  expect(linesWhere(WORKFLOWS, (line) => /\buses:/.test(line) && !pinned.test(line))).toEqual([]);
});

test("workflows may read the repository and no more, but for the job that publishes", () => {
  const rights = WORKFLOWS.map((path) => {
    const { permissions, jobs } = Bun.YAML.parse(readText(path)) as Workflow;
    const more = Object.entries(jobs).flatMap(([name, job]) => (job.permissions === undefined ? [] : [name]));
    return [path, permissions, more];
  });
  expect(rights).toEqual([
    [".github/workflows/gate.yml", { contents: "read" }, []],
    [".github/workflows/release.yml", { contents: "read" }, ["publish"]],
  ]);
});

test("every template asks for what doctor says as JSON", () => {
  expect(TEMPLATES.length).toBeGreaterThan(0);
  expect(TEMPLATES.filter((path) => !readText(path).includes("rockchip-llama doctor --json"))).toEqual([]);
});

test("the changelog has the version of package.json at its top, dated or not released yet", () => {
  const { version } = JSON.parse(readText("package.json")) as { version: string };
  const [newest = ""] = readText("docs/changelog.md").match(/^## .*$/m) ?? [];
  expect(newest).toMatch(new RegExp(`^## ${version.replaceAll(".", "\\.")}, (?:\\d{4}-\\d{2}-\\d{2}|not released yet)$`));
});
