/** The folders that the server reads and writes. */
import { formatBytes } from "../core/byte-size.ts";
import type { Board } from "./board.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import type { Root } from "./root.ts";

/** Which folders, as the configuration has them. */
export interface Folders {
  readonly modelsDirs: readonly string[];
  readonly cacheDir: string;
  /** The program unpacks libraries into the cache folder and loads them from there. */
  readonly unpacks: boolean;
}

/** What a small model takes. */
const MODEL_BYTES = 1e9;
/** The unpacked libraries, and the file of remembered responses at its default size. */
const CACHE_BYTES = 1e8;

/** Who asks, and where. */
export interface Asking {
  readonly user: string;
  readonly board: Pick<Board, "container">;
}

/** The folders' section. */
export function folderFindings(root: Root, { modelsDirs, cacheDir, unpacks }: Folders, asking: Asking): Finding[] {
  return [
    ...modelsDirs.map((dir, index) => modelsFinding(root, dir, index === 0, asking)),
    ...cacheFindings(root, cacheDir, unpacks, asking),
  ];
}

function modelsFinding(root: Root, dir: string, isFirst: boolean, asking: Asking): Finding {
  const fault = root.faultOf(dir);
  if (fault === "ENOENT") return warning("models-dir", `There is no folder ${dir} for models.`, `mkdir -p ${dir}`);
  if (fault === "EACCES") {
    return failure("models-dir", `This user cannot read the models folder ${dir}.`, openingFix(root, root.nearest(dir), asking));
  }
  if (fault !== null) return failure("models-dir", `The models folder ${dir} cannot be read (${fault}).`, `ls -ld ${dir}`);
  if (isFirst && !root.isOpen(dir)) {
    const text = `Models are looked for in ${dir}, which this user cannot write to: none can be pulled.`;
    return warning("models-dir", text, openingFix(root, dir, asking));
  }
  const free = root.freeBytes(dir);
  if (!isFirst || free === null) return ok("models-dir", `Models are looked for in ${dir}.`);
  const said = `Models are looked for in ${dir}, with ${formatBytes(free)} free`;
  return free >= MODEL_BYTES
    ? ok("models-dir", `${said}.`)
    : warning("models-dir", `${said}: too little for most models.`, `du -xh ${dir} | sort -h | tail`);
}

function cacheFindings(root: Root, dir: string, unpacks: boolean, asking: Asking): Finding[] {
  const place = root.nearest(dir);
  if (!root.isOpen(place)) {
    if (place === dir) {
      return [failure("cache-dir", `This user cannot write to the cache folder ${dir}.`, openingFix(root, dir, asking))];
    }
    const text = `The cache folder ${dir} cannot be made: ${place} cannot be written to.`;
    return [failure("cache-dir", text, `sudo install -d -o "$(id -un)" ${dir}`)];
  }
  const free = root.freeBytes(place);
  const findings = [
    free === null || free >= CACHE_BYTES
      ? ok("cache-dir", `The cache folder ${dir} can be written to.`)
      : warning("cache-dir", `The disk of the cache folder ${dir} has only ${formatBytes(free)} free.`, `df -h ${place}`),
  ];
  const mount = mountOf(root, place);
  if (mount?.options.includes("noexec") !== true) return findings;
  const text = `The cache folder ${dir} lies on ${mount.point}, which is mounted noexec: libraries cannot be loaded from it.`;
  const fix = "rockchip-llama serve --cache-dir /var/tmp/rockchip-llama";
  return [...findings, unpacks ? failure("cache-noexec", text, fix) : warning("cache-noexec", text, fix)];
}

/** What lets this user into a folder that is there, or shows who is in there already. */
function openingFix(root: Root, dir: string, { user, board }: Asking): string {
  if (mountOf(root, dir)?.options.includes("ro") === true) return `findmnt --target ${dir}   # it is mounted read-only`;
  const owner = ownerOf(root, dir);
  if (board.container !== null) return `sudo chown ${user} <the folder of the host that is mounted on ${dir}>`;
  if (owner === user) return `chmod u+rwx ${dir}`;
  if (owner === "root") return `sudo chown -R "$(id -un)" ${dir}`;
  // It may be the service's: taken from it, the service could not start any more.
  return `sudo -u ${owner} rockchip-llama doctor`;
}

/** By name, where it has one. */
function ownerOf(root: Root, path: string): string {
  const uid = String(root.status(path)?.uid ?? 0);
  const users = (root.text("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  return users.find((fields) => fields[2] === uid)?.[0] ?? `"#${uid}"`;
}

/** The mount that holds a path. Of several at one point the last one counts. */
function mountOf(root: Root, path: string): { readonly point: string; readonly options: readonly string[] } | undefined {
  const mounts = (root.text("/proc/self/mounts") ?? "").split("\n").map((line) => {
    const [, point = "", , options = ""] = line.split(" ");
    return { point: point.replaceAll("\\040", " "), options: options.split(",") };
  });
  const holds = (point: string) => point === "/" || path === point || path.startsWith(`${point}/`);
  return mounts
    .filter(({ point }) => holds(point))
    .toSorted((a, b) => a.point.length - b.point.length)
    .at(-1);
}
