/**
 * `bun run audit`: asks the package registry for known holes in what the program is made of. Fails for those of level high and critical; where the
 * registry cannot be asked, it says so and fails not: a gate without a network would otherwise never open.
 */
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** What a registry says of one version range. */
interface Advisory {
  readonly severity: string;
  readonly title: string;
  readonly url: string;
  readonly vulnerable_versions: string;
}

const child = Bun.spawn([process.execPath, "audit", "--production", "--audit-level=high", "--json"], {
  cwd: ROOT,
  stdin: "ignore",
  stdout: "pipe",
  stderr: "pipe",
});
const [output, errors, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
const advisories = parsed(output);

if (advisories === null) {
  console.log(`The registry could not be asked for known holes, so nothing is known of them: ${errors.trim() || `exit code ${exitCode}`}`);
} else if (exitCode === 0) {
  console.log("No hole of level high or critical is known in what the program is made of.");
} else {
  for (const [name, found] of Object.entries(advisories)) {
    for (const { severity, title, url, vulnerable_versions } of found)
      console.error(`${name} ${vulnerable_versions}: ${severity}: ${title} (${url})`);
  }
  console.error("Take a version without the hole, or leave the package out.");
  process.exitCode = 1;
}

/** null for what is no registry's answer. */
function parsed(text: string): Readonly<Record<string, readonly Advisory[]>> | null {
  try {
    return JSON.parse(text) as Record<string, Advisory[]>;
  } catch {
    return null;
  }
}
