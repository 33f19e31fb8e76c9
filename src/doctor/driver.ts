/** The NPU's driver, and whether this user may open its device. */
import type { Board } from "./board.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import type { Root } from "./root.ts";

/** Where the vendor's driver says its version; the second only where the kernel was built so. source: rknpu_debugger.c */
const VERSION_PATHS = ["/sys/kernel/debug/rknpu/version", "/proc/rknpu/version"];
/** Each of these is there only with the vendor's driver. */
const VENDOR_SIGNS = ["/sys/kernel/debug/rknpu", "/proc/rknpu", "/sys/module/rknpu", "/sys/bus/platform/drivers/RKNPU"];
const ROCKET_SIGNS = ["/sys/module/rocket", "/sys/bus/platform/drivers/rocket"];

/** Rockchip's manual asks for this one; below the other the library itself complains, and fails later by users' reports. */
const DRIVER_WANTED = "0.9.8";
const DRIVER_LEAST = "0.9.7";

const DEBUGFS = "/sys/kernel/debug";
const UPDATE_KERNEL = "sudo apt update && sudo apt full-upgrade && sudo reboot";
/** Armbian's name for the kernel with Rockchip's own drivers. */
const VENDOR_KERNEL = "sudo apt install linux-image-vendor-rk35xx linux-dtb-vendor-rk35xx && sudo reboot";
/** The NPU's node where its driver was built without DRM. */
const MISC_DEVICE = "/dev/rknpu";

/** Sorts release numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(".").map(Number));
  for (const [index, part] of (left ?? []).entries()) {
    const other = right?.[index] ?? 0;
    if (part !== other) return part - other;
  }
  return 0;
}

/** Nodes of /dev/dri that belong to the NPU; the kernel says so where /sys can be read. */
function npuNodes(root: Root): string[] {
  const isNpu = (name: string) => root.target(`/sys/class/drm/${name}`)?.includes(".npu/") === true;
  return root.names("/sys/class/drm").filter((name) => name.startsWith("renderD") && isNpu(name));
}

/** The driver's section; nothing on a machine without an NPU. Without a driver there is no device, and one line says it. */
export function driverFindings(root: Root, board: Board, user: string): Finding[] {
  if (!board.hasNpu) return [];
  const version = versionOf(root);
  const nodes = npuNodes(root);
  if (version === null && nodes.length === 0 && !VENDOR_SIGNS.some((path) => root.exists(path))) return [absentFinding(root, board)];
  return [version === null ? unknownFinding(root) : versionFinding(version), deviceFinding(root, board, user, nodes)];
}

function versionOf(root: Root): string | null {
  const texts = VERSION_PATHS.map((path) => root.text(path) ?? "");
  return texts.map((text) => /v(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? null).find((version) => version !== null) ?? null;
}

function absentFinding(root: Root, { kernel }: Board): Finding {
  if (!ROCKET_SIGNS.some((path) => root.exists(path)) && root.names("/dev/accel").length === 0) {
    return failure("npu-driver", `No NPU driver is loaded (kernel ${kernel}).`, `sudo modprobe rknpu || { ${VENDOR_KERNEL}; }   # Armbian`);
  }
  const text = `The NPU driver is rocket, of mainline Linux (kernel ${kernel}); Rockchip's library needs rknpu, of Rockchip's own kernel.`;
  return failure("npu-driver", text, `${VENDOR_KERNEL}   # Armbian`);
}

function unknownFinding(root: Root): Finding {
  const isMounted = root.faultOf(DEBUGFS) === "EACCES" || root.names(DEBUGFS).length > 0;
  const text = `The NPU driver is rknpu, of a version that this user cannot read; ${DRIVER_WANTED} or newer is needed.`;
  return warning(
    "npu-driver",
    text,
    isMounted ? `sudo cat ${DEBUGFS}/rknpu/version   # fine if it says ${DRIVER_WANTED} or newer` : `sudo mount -t debugfs none ${DEBUGFS}`,
  );
}

function versionFinding(version: string): Finding {
  const said = `The NPU driver is rknpu ${version}`;
  if (compareVersions(version, DRIVER_WANTED) >= 0) return ok("npu-driver", `${said}.`);
  if (compareVersions(version, DRIVER_LEAST) >= 0)
    return warning("npu-driver", `${said}; Rockchip asks for ${DRIVER_WANTED} or newer.`, UPDATE_KERNEL);
  return failure("npu-driver", `${said}: models may load and fail later; ${DRIVER_WANTED} or newer is needed.`, UPDATE_KERNEL);
}

function deviceFinding(root: Root, board: Board, user: string, nodes: readonly string[]): Finding {
  const paths = devicePaths(root, nodes);
  const [path] = paths;
  if (path === undefined) {
    const node = nodes[0] ?? "renderD129";
    if (board.container !== null) return failure("npu-device", `The container has no /dev/dri/${node}.`, "docker run --device /dev/dri …");
    return failure("npu-device", `There is no /dev/dri/${node}.`, "sudo udevadm trigger --subsystem-match=drm");
  }
  const open = paths.find((each) => root.isOpen(each));
  if (open !== undefined) return ok("npu-device", `The user ${user} may open ${open}.`);
  return closedFinding(root, board, user, path);
}

/** Where the kernel does not tell the NPU's node from the GPU's, it may be any of them. */
function devicePaths(root: Root, nodes: readonly string[]): string[] {
  if (nodes.length === 0 && root.exists(MISC_DEVICE)) return [MISC_DEVICE];
  const present = root.names("/dev/dri").filter((name) => name.startsWith("renderD"));
  return present.filter((name) => nodes.length === 0 || nodes.includes(name)).map((name) => `/dev/dri/${name}`);
}

function closedFinding(root: Root, { container }: Board, user: string, path: string): Finding {
  const status = root.status(path);
  const group = groupOf(root, status?.gid ?? 0);
  const said = `The user ${user} may not open ${path}`;
  if (container !== null) return failure("npu-device", `${said}.`, `docker run --group-add ${status?.gid ?? "render"} …`);
  // Nobody is to join the superuser's own group.
  if (status !== null && ((status.mode & 0o060) !== 0o060 || group.name === "root")) {
    return failure("npu-device", `${said}, and neither may any group.`, openedByRule(path));
  }
  if (group.members.includes(user)) {
    return failure(
      "npu-device",
      `${said} yet: membership of the group ${group.name} counts from the next login on.`,
      `newgrp ${group.name}`,
    );
  }
  return failure(
    "npu-device",
    `${said}, which belongs to the group ${group.name}.`,
    `sudo usermod -aG ${group.name} ${user}   # then log in again`,
  );
}

/** What is changed below /dev itself is lost at the next start. */
function openedByRule(path: string): string {
  const matches = path === MISC_DEVICE ? 'KERNEL=="rknpu"' : 'SUBSYSTEM=="drm", KERNEL=="renderD*"';
  const rule = `echo '${matches}, GROUP="render", MODE="0660"' | sudo tee /etc/udev/rules.d/99-npu.rules`;
  return `${rule} && sudo udevadm control --reload && sudo udevadm trigger`;
}

function groupOf(root: Root, gid: number): { readonly name: string; readonly members: readonly string[] } {
  const lines = (root.text("/etc/group") ?? "").split("\n").map((line) => line.split(":"));
  const [name = String(gid), , , members = ""] = lines.find((fields) => fields[2] === String(gid)) ?? [];
  return { name, members: members.split(",") };
}
