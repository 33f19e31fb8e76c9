/** Machines made of files, for the doctor: what they say of themselves under /proc, /sys, /dev and /etc. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Patient } from "../../src/doctor/examine.ts";
import { Root } from "../../src/doctor/root.ts";
import { describeLibrary } from "../../src/runtime/native/library.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Files by path; null leaves one out that another machine has; `-> x` is a link. */
export type Files = Readonly<Record<string, string | null>>;

const MACHINE_OF_ARCH = { arm: 40, arm64: 183, x64: 62 } as const;

/** A shared library as far as anybody looks into it: for which processor, and which texts it holds. */
export function libraryBytes(arch: keyof typeof MACHINE_OF_ARCH, ...texts: string[]): string {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", 0, "latin1");
  header[4] = arch === "arm" ? 1 : 2;
  header.writeUInt16LE(MACHINE_OF_ARCH[arch], 18);
  return `${header.toString("latin1")}\0${texts.join("\0")}\0`;
}

const GIB_IN_KIB = 1024 * 1024;

/** What every Linux has. */
const LINUX: Files = {
  "/proc/sys/kernel/osrelease": "6.8.0-41-generic\n",
  "/proc/1/cgroup": "0::/init.scope\n",
  "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu avx2\nprocessor\t: 1\nflags\t\t: fpu avx2\n",
  "/proc/meminfo": `MemTotal: ${16 * GIB_IN_KIB} kB\nMemAvailable: ${12 * GIB_IN_KIB} kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n`,
  "/proc/self/limits": "Max open files            1024                 1048576              files\n",
  "/proc/self/mounts": "/dev/root / ext4 rw,relatime 0 0\n",
  "/etc/group": "root:x:0:\nvideo:x:44:\nrender:x:106:\n",
  "/models/readme": "",
  "/cache/readme": "",
};

/** A computer without an NPU. */
export const LAPTOP: Files = {
  ...LINUX,
  "/usr/lib/x86_64-linux-gnu/libc.so.6": libraryBytes("x64", "GNU C Library (Ubuntu GLIBC 2.39-0ubuntu8) stable release version 2.39.\n"),
  "/dev/dri/renderD128": "",
};

const NPU_DEVICE = "/sys/devices/platform/fdab0000.npu";

/** An RK3588 as Rockchip's own kernel shows it to the superuser, with everything in place. */
export const RK3588: Files = {
  ...LINUX,
  "/proc/device-tree/compatible": "radxa,rock-5b\0rockchip,rk3588\0",
  "/proc/device-tree/model": "Radxa ROCK 5B\0",
  "/proc/sys/kernel/osrelease": "6.1.84-vendor-rk35xx\n",
  "/proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd asimddp\n",
  "/sys/kernel/debug/rknpu/version": "RKNPU driver: v0.9.8\n",
  "/sys/bus/platform/drivers/RKNPU/bind": "",
  [`${NPU_DEVICE}/drm/renderD129/dev`]: "226:129",
  "/sys/class/drm/renderD129": `-> ../../devices/platform/fdab0000.npu/drm/renderD129`,
  "/sys/class/devfreq/fdab0000.npu/governor": "rknpu_ondemand\n",
  "/sys/class/devfreq/fdab0000.npu/available_frequencies": "300000000 600000000 1000000000\n",
  "/sys/class/devfreq/fdab0000.npu/max_freq": "1000000000\n",
  "/sys/devices/system/cpu/cpufreq/policy4/scaling_governor": "ondemand\n",
  "/sys/devices/system/cpu/cpufreq/policy4/scaling_max_freq": "2256000\n",
  "/sys/devices/system/cpu/cpufreq/policy4/cpuinfo_max_freq": "2256000\n",
  "/sys/devices/system/cpu/cpufreq/policy4/related_cpus": "4 5\n",
  "/sys/class/thermal/thermal_zone0/type": "soc-thermal\n",
  "/sys/class/thermal/thermal_zone0/temp": "48230\n",
  "/sys/class/thermal/thermal_zone0/trip_point_0_type": "passive\n",
  "/sys/class/thermal/thermal_zone0/trip_point_0_temp": "75000\n",
  "/dev/dri/renderD128": "",
  "/dev/dri/renderD129": "",
  "/usr/lib/librkllmrt.so": libraryBytes("arm64", "RKLLM SDK (version: 1.3.0 (x))", "libgomp.so.1", "GLIBC_2.17", "GLIBC_2.34"),
  "/usr/lib/aarch64-linux-gnu/libgomp.so.1": "",
  "/usr/lib/aarch64-linux-gnu/libc.so.6": libraryBytes(
    "arm64",
    "GNU C Library (Debian GLIBC 2.36-9+deb12u7) stable release version 2.36.\n",
  ),
};

/** The machine of these files; `closed` are paths that the user may not open. */
export function machineOf(files: Files, closed: readonly string[] = []): Root {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    if (content === null) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (content.startsWith("-> ")) symlinkSync(content.slice(3), join(folder, path));
    else writeFileSync(join(folder, path), content, "latin1");
  }
  return new Root(folder, (path) => !closed.includes(path));
}

/** A patient with this machine and the default configuration; the user is called pi. */
export function patientOf(root: Root, change: Partial<Patient> = {}): Patient {
  return {
    root,
    user: "pi",
    libraries: {
      paths: ["/usr/lib/librkllmrt.so", "/usr/local/lib/librkllmrt.so"],
      isNamed: false,
      describe: (path) => {
        const { version, formats } = describeLibrary(path, { arch: "arm64" });
        return { version, opensRkllm: formats.includes("rkllm") };
      },
    },
    folders: { modelsDirs: ["/models"], cacheDir: "/cache/rockchip-llama", unpacks: false },
    plan: { models: [], defaultMissing: null, rkllmVersion: null },
    listening: {
      host: "127.0.0.1",
      port: 8080,
      secondPort: 11_434,
      keys: 0,
      networks: 0,
      isOpen: false,
      insecure: false,
      keysFile: "/data/keys.json",
      keysFault: null,
    },
    tries: () => null,
    configuration: [],
    ...change,
  };
}
