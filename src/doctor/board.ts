/** Which machine this is: SoC, kernel, container. */
import { socOfCompatible } from "../catalog/board-soc.ts";
import type { Soc } from "../core/model.ts";
import { failure, type Finding, ok, warning } from "./finding.ts";
import type { Root } from "./root.ts";

/** What other checks have to know of the machine. */
export interface Board {
  /** By its device tree alone: what Rockchip's library reads. */
  readonly soc: Soc | null;
  /** What the machine calls itself; null where it does not. */
  readonly model: string | null;
  /** There is an NPU of Rockchip's, whether or not the device tree can be read. */
  readonly hasNpu: boolean;
  /** Which container this runs in; null for none. */
  readonly container: string | null;
  /** The kernel's release, `6.1.84-vendor-rk35xx`; "" where it is not known. */
  readonly kernel: string;
}

const DEVICE_TREE = "/proc/device-tree";

/** Kernels that Rockchip's manual asks for: of each series, the first release that will do. source: RKLLM SDK manual 1.3.0 */
const KERNELS: readonly (readonly [series: string, patch: number])[] = [
  ["5.10", 209],
  ["6.1", 84],
];

/** A container that shows the NPU's device but hides the device tree is told from a machine that has none by what /sys shows. */
function showsNpu(root: Root): boolean {
  const isNpu = (name: string) => name.endsWith(".npu");
  return root.names("/sys/class/devfreq").some(isNpu) || root.names("/sys/bus/platform/devices").some(isNpu);
}

function containerOf(root: Root): string | null {
  if (root.exists("/.dockerenv")) return "Docker";
  if (root.exists("/run/.containerenv")) return "Podman";
  if (root.exists("/run/secrets/kubernetes.io")) return "Kubernetes";
  const named = root.text("/run/systemd/container");
  if (named !== null) return named;
  const groups = root.text("/proc/1/cgroup") ?? "";
  return /docker|containerd|kubepods|lxc/.exec(groups)?.[0] ?? null;
}

/** Reads what the machine says of itself. */
export function readBoard(root: Root): Board {
  const soc = socOfCompatible(root.text(`${DEVICE_TREE}/compatible`) ?? "");
  return {
    soc,
    model: root.text(`${DEVICE_TREE}/model`)?.replaceAll("\0", "") ?? null,
    hasNpu: soc !== null || showsNpu(root),
    container: containerOf(root),
    kernel: root.text("/proc/sys/kernel/osrelease") ?? "",
  };
}

/** The machine's own section. */
export function boardFindings(board: Board): Finding[] {
  return [socFinding(board), ...containerFinding(board), kernelFinding(board)];
}

function socFinding({ soc, model, hasNpu, container }: Board): Finding {
  if (soc !== null) return ok("soc", `This is an ${soc.toUpperCase()}${model === null ? "" : ` (${model})`}.`);
  if (!hasNpu) return ok("soc", "There is no NPU of Rockchip's here: .gguf models run on the CPU, .rkllm models need a board.");
  const why = `${DEVICE_TREE} cannot be read, so the runtime library does not know its board ("Your platform is unknown").`;
  if (container === null) return failure("soc", why, `ls -l ${DEVICE_TREE}/compatible`);
  return failure("soc", `The container hides the board: ${why}`, "docker run --device /dev/dri --security-opt systempaths=unconfined …");
}

function containerFinding({ container }: Board): Finding[] {
  return container === null ? [] : [ok("container", `This runs in a container (${container}).`)];
}

function kernelFinding({ kernel, hasNpu, container }: Board): Finding {
  if (kernel === "") return warning("kernel", "The kernel does not say its release.", "uname -r");
  const [, series = "", patch = ""] = /^(\d+\.\d+)(?:\.(\d+))?/.exec(kernel) ?? [];
  const wanted = KERNELS.find(([each]) => each === series);
  if (!hasNpu || wanted === undefined || Number(patch) >= wanted[1]) return ok("kernel", `The kernel is ${kernel}.`);
  return warning(
    "kernel",
    `The kernel is ${kernel}; Rockchip asks for ${series}.${wanted[1]} or newer.`,
    `sudo apt update && sudo apt full-upgrade && sudo reboot${container === null ? "" : "   # on the host"}`,
  );
}
