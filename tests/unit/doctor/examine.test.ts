/** Whole machines, healthy and not: what the doctor says of each. */
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { examine } from "../../../src/doctor/examine.ts";
import type { Finding, Report } from "../../../src/doctor/finding.ts";
import { type Files, LAPTOP, libraryBytes, machineOf, patientOf, RK3588 } from "../../support/fake-machine.ts";

/** Findings of one kind of machine that tell nothing of its disk, its models or its network. */
function findingsOf(files: Files, closed: readonly string[] = []): { report: Report; found: (check: string) => Finding | undefined } {
  const report = examine(patientOf(machineOf(files, closed)));
  const all = report.sections.flatMap(({ findings }) => findings);
  return { report, found: (check) => all.find((finding) => finding.check === check) };
}

/** Sections as lines: `ok soc: This is an RK3588.` */
function linesOf({ sections }: Report, ...titles: string[]): string[] {
  const chosen = sections.filter(({ title }) => titles.includes(title));
  return chosen.flatMap(({ findings }) => findings.map(({ level, check, text }) => `${level} ${check}: ${text}`));
}

test("a healthy RK3588 with Rockchip's kernel has nothing to mend", () => {
  const { report } = findingsOf(RK3588);
  expect(linesOf(report, "Board", "NPU", "Runtime", "Machine", "Speed")).toEqual([
    "ok soc: This is an RK3588 (Radxa ROCK 5B).",
    "ok kernel: The kernel is 6.1.84-vendor-rk35xx.",
    "ok npu-driver: The NPU driver is rknpu 0.9.8.",
    "ok npu-device: The user pi may open /dev/dri/renderD129.",
    "ok library: Rockchip's runtime library is /usr/lib/librkllmrt.so, version 1.3.0.",
    "ok openmp: The OpenMP runtime it needs is /usr/lib/aarch64-linux-gnu/libgomp.so.1.",
    "ok glibc: The C library is glibc 2.36.",
    "ok cpu: 1 CPU core, with dot products for the CPU runtime.",
    "ok memory: 12.9 GB of 17.2 GB of memory are available.",
    "ok swap: There is no swap; what the NPU uses could not be swapped out anyway.",
    "ok open-files: A process may open 1048576 files.",
    "ok npu-clock: The NPU's clock is governed by rknpu_ondemand, up to 1000 MHz.",
    "ok cpu-clock: The CPU's clock is governed by ondemand.",
    "ok temperature: The hottest sensor, soc-thermal, shows 48 °C.",
  ]);
});

test("a laptop is told that .gguf models run on its CPU, and nothing of NPUs", () => {
  const { report } = findingsOf(LAPTOP);
  expect(report.level).not.toBe("failure");
  expect(linesOf(report, "Board", "NPU", "Runtime", "Speed")).toEqual([
    "ok soc: There is no NPU of Rockchip's here: .gguf models run on the CPU, .rkllm models need a board.",
    "ok kernel: The kernel is 6.8.0-41-generic.",
    "ok glibc: The C library is glibc 2.39.",
  ]);
});

const NO_DRIVER: Files = {
  "/sys/kernel/debug/rknpu/version": null,
  "/sys/bus/platform/drivers/RKNPU/bind": null,
  "/sys/class/drm/renderD129": null,
  "/dev/dri/renderD129": null,
};

describe("the driver", () => {
  test("that is not loaded is one failure, with the command that loads it", () => {
    const { report, found } = findingsOf({ ...RK3588, ...NO_DRIVER });
    expect(linesOf(report, "NPU")).toEqual(["failure npu-driver: No NPU driver is loaded (kernel 6.1.84-vendor-rk35xx)."]);
    expect(found("npu-driver")?.fix).toBe(
      "sudo modprobe rknpu || { sudo apt install linux-image-vendor-rk35xx linux-dtb-vendor-rk35xx && sudo reboot; }   # Armbian",
    );
  });

  test.each([
    ["0.8.2", "failure", "The NPU driver is rknpu 0.8.2: models may load and fail later; 0.9.8 or newer is needed."],
    ["0.9.6", "failure", "The NPU driver is rknpu 0.9.6: models may load and fail later; 0.9.8 or newer is needed."],
    ["0.9.7", "warning", "The NPU driver is rknpu 0.9.7; Rockchip asks for 0.9.8 or newer."],
    ["0.9.10", "ok", "The NPU driver is rknpu 0.9.10."],
    ["1.0.0", "ok", "The NPU driver is rknpu 1.0.0."],
  ] as const)("%s is %s", (version, level, text) => {
    const { found } = findingsOf({ ...RK3588, "/sys/kernel/debug/rknpu/version": `RKNPU driver: v${version}\n` });
    expect(found("npu-driver")).toMatchObject({ level, text, ...(level === "ok" ? {} : { fix: expect.stringContaining("apt") }) });
  });

  test("whose version only the superuser can read is a warning with the command that reads it", () => {
    const { found } = findingsOf({ ...RK3588, "/sys/kernel/debug/rknpu/version": null, "/sys/kernel/debug/gpio": "" });
    expect(found("npu-driver")).toMatchObject({
      level: "warning",
      fix: "sudo cat /sys/kernel/debug/rknpu/version   # fine if it says 0.9.8 or newer",
    });
  });

  test("without debugfs has a version once that is mounted", () => {
    const { found } = findingsOf({ ...RK3588, "/sys/kernel/debug/rknpu/version": null });
    expect(found("npu-driver")).toMatchObject({ level: "warning", fix: "sudo mount -t debugfs none /sys/kernel/debug" });
  });

  test("says its version under /proc, too, where the kernel was built so", () => {
    const files = { ...RK3588, "/sys/kernel/debug/rknpu/version": null, "/proc/rknpu/version": "RKNPU driver: v0.9.8\n" };
    expect(findingsOf(files).found("npu-driver")).toMatchObject({ level: "ok", text: "The NPU driver is rknpu 0.9.8." });
  });

  test("of mainline Linux is one that Rockchip's library cannot use", () => {
    const mainline = {
      "/proc/sys/kernel/osrelease": "6.18.2-current-rockchip64\n",
      "/sys/module/rocket/refcnt": "0",
      "/dev/accel/accel0": "",
    };
    const { report } = findingsOf({ ...RK3588, ...NO_DRIVER, ...mainline });
    expect(linesOf(report, "NPU")).toEqual([
      "failure npu-driver: The NPU driver is rocket, of mainline Linux (kernel 6.18.2-current-rockchip64); Rockchip's library needs rknpu, of Rockchip's own kernel.",
    ]);
  });
});

describe("the device", () => {
  const GROUP = "/etc/group";
  const node = "/dev/dri/renderD129";
  /** The file belongs to whoever runs the test. */
  const gid = String(process.getgid?.() ?? 0);

  test("that belongs to a group the user is not in is a failure with the command that lets it in", () => {
    const files = { ...RK3588, [GROUP]: `render:x:${gid}:other\n` };
    const root = machineOf(files, [node]);
    chmodSync(root.at(node), 0o660);
    const findings = examine(patientOf(root)).sections.flatMap((section) => section.findings);
    expect(findings.find(({ check }) => check === "npu-device")).toEqual({
      check: "npu-device",
      level: "failure",
      text: "The user pi may not open /dev/dri/renderD129, which belongs to the group render.",
      fix: "sudo usermod -aG render pi   # then log in again",
    });
  });

  test("whose group the user has just joined opens after the next login", () => {
    const root = machineOf({ ...RK3588, [GROUP]: `render:x:${gid}:other,pi\n` }, [node]);
    chmodSync(root.at(node), 0o660);
    const findings = examine(patientOf(root)).sections.flatMap((section) => section.findings);
    expect(findings.find(({ check }) => check === "npu-device")).toMatchObject({ level: "failure", fix: "newgrp render" });
  });

  test("that no group may open is a failure with the command that gives it one", () => {
    const { found } = findingsOf(RK3588, [node]);
    expect(found("npu-device")).toMatchObject({
      level: "failure",
      fix:
        `echo 'SUBSYSTEM=="drm", KERNEL=="renderD*", GROUP="render", MODE="0660"' | sudo tee /etc/udev/rules.d/99-npu.rules` +
        " && sudo udevadm control --reload && sudo udevadm trigger",
    });
  });

  test("that only the superuser's group may open is opened to another", () => {
    const root = machineOf({ ...RK3588, [GROUP]: `root:x:${gid}:\n` }, [node]);
    chmodSync(root.at(node), 0o660);
    const findings = examine(patientOf(root)).sections.flatMap((section) => section.findings);
    expect(findings.find(({ check }) => check === "npu-device")?.fix).toContain('GROUP="render"');
  });

  test("of a driver without DRM has a node of its own", () => {
    const files = { ...RK3588, "/sys/class/drm/renderD129": null, [node]: null, "/dev/rknpu": "" };
    expect(findingsOf(files).found("npu-device")).toMatchObject({ level: "ok", text: "The user pi may open /dev/rknpu." });
    expect(findingsOf(files, ["/dev/rknpu"]).found("npu-device")?.fix).toStartWith(`echo 'KERNEL=="rknpu", GROUP="render"`);
  });

  test("of the GPU does not count", () => {
    const { found } = findingsOf({ ...RK3588, [node]: null });
    expect(found("npu-device")).toMatchObject({ level: "failure", text: "There is no /dev/dri/renderD129." });
  });
});

describe("a container", () => {
  const HIDDEN: Files = { ...RK3588, "/.dockerenv": "", "/proc/device-tree/compatible": null, "/proc/device-tree/model": null };

  test("that hides the device tree is told how to show it", () => {
    expect(findingsOf(HIDDEN).found("soc")).toEqual({
      check: "soc",
      level: "failure",
      text: 'The container hides the board: /proc/device-tree cannot be read, so the runtime library does not know its board ("Your platform is unknown").',
      fix: "docker run --device /dev/dri --security-opt systempaths=unconfined …",
    });
  });

  test("without the device is told how to get it", () => {
    const { found } = findingsOf({ ...RK3588, "/.dockerenv": "", "/dev/dri/renderD128": null, "/dev/dri/renderD129": null });
    expect(found("npu-device")).toMatchObject({ level: "failure", fix: "docker run --device /dev/dri …" });
  });

  test("whose user may not open the device needs its group by number", () => {
    const { found } = findingsOf({ ...RK3588, "/run/.containerenv": "" }, ["/dev/dri/renderD129"]);
    expect(found("npu-device")?.fix).toMatch(/^docker run --group-add \d+ …$/);
  });

  test("on a laptop is no board", () => {
    expect(findingsOf({ ...LAPTOP, "/.dockerenv": "" }).found("soc")?.level).toBe("ok");
  });
});

describe("the runtime library", () => {
  const LIBRARY = "/usr/lib/librkllmrt.so";

  test("that is missing is a failure that names every place and the download", () => {
    expect(findingsOf({ ...RK3588, [LIBRARY]: null }).found("library")).toMatchObject({
      level: "failure",
      text: "Rockchip's runtime library is at none of /usr/lib/librkllmrt.so, /usr/local/lib/librkllmrt.so.",
      fix: expect.stringMatching(/^curl .*aarch64\/librkllmrt\.so && sudo install/),
    });
  });

  test("that a container lacks is the host's", () => {
    const { found } = findingsOf({ ...RK3588, [LIBRARY]: null, "/.dockerenv": "" });
    expect(found("library")?.fix).toBe("docker run --volume /usr/lib/librkllmrt.so:/usr/lib/librkllmrt.so:ro …");
  });

  test.each([
    [
      "32-bit ARM",
      libraryBytes("arm", "RKLLM SDK (version: 1.3.0"),
      "is built for 32-bit ARM (armhf), but this process needs 64-bit ARM (aarch64).",
    ],
    ["x86-64", libraryBytes("x64", "RKLLM SDK (version: 1.3.0"), "is built for x86-64, but this process needs 64-bit ARM (aarch64)."],
    ["a web page", "<!doctype html>", "is not a Linux shared library."],
    ["an unknown version", libraryBytes("arm64", "RKLLM SDK (version: 1.1.4"), 'The version "1.1.4" of the runtime library'],
  ])("for another machine is a failure: %s", (_, bytes, words) => {
    expect(findingsOf({ ...RK3588, [LIBRARY]: bytes }).found("library")).toMatchObject({
      level: "failure",
      text: expect.stringContaining(words),
    });
  });

  test("for another machine is only a warning where there is no NPU, unless the configuration names it", () => {
    const root = machineOf({ ...LAPTOP, [LIBRARY]: libraryBytes("arm", "RKLLM SDK (version: 1.3.0") });
    const patient = patientOf(root);
    const libraries = { ...patient.libraries, isNamed: true };
    const missing = { ...libraries, paths: ["/opt/librkllmrt.so"] };
    const levels = [patient, { ...patient, libraries }, { ...patient, libraries: missing }].map((each) => {
      const findings = examine(each).sections.flatMap((section) => section.findings);
      return findings.find(({ check }) => check === "library")?.level;
    });
    expect(levels).toEqual(["warning", "failure", "failure"]);
  });

  test("of another version beside it is tried for what the newest does not open", () => {
    const other = libraryBytes("arm64", "RKLLM SDK (version: 1.2.3");
    expect(findingsOf({ ...RK3588, "/usr/local/lib/librkllmrt.so": other }).found("library-others")).toEqual({
      check: "library-others",
      level: "ok",
      text: "/usr/local/lib/librkllmrt.so, version 1.2.3, is tried for models that newer ones do not open.",
    });
  });

  test("that cannot be used beside one that can is a warning", () => {
    const { found } = findingsOf({ ...RK3588, "/usr/local/lib/librkllmrt.so": "<!doctype html>" });
    expect(found("library")?.level).toBe("ok");
    expect(found("library-others")).toMatchObject({
      level: "warning",
      fix: "sudo mv /usr/local/lib/librkllmrt.so /usr/local/lib/librkllmrt.so.unused",
    });
  });

  test("needs its OpenMP runtime", () => {
    expect(findingsOf({ ...RK3588, "/usr/lib/aarch64-linux-gnu/libgomp.so.1": null }).found("openmp")).toMatchObject({
      level: "failure",
      fix: "sudo apt install libgomp1",
    });
  });

  test("needs a C library that is new enough, and is no musl", () => {
    const old = libraryBytes("arm64", "GNU C Library (Debian GLIBC 2.31-13) release release version 2.31.\n");
    const libc = "/usr/lib/aarch64-linux-gnu/libc.so.6";
    expect(findingsOf({ ...RK3588, [libc]: old }).found("glibc")).toMatchObject({
      level: "failure",
      text: "The C library is glibc 2.31, and the runtime library needs 2.34.",
    });
    const contented = libraryBytes("arm64", "RKLLM SDK (version: 1.3.0 (x))", "GLIBC_2.17");
    expect(findingsOf({ ...RK3588, [libc]: old, "/usr/lib/librkllmrt.so": contented }).found("glibc")).toMatchObject({
      level: "warning",
      text: "The C library is glibc 2.31: .gguf models, tiny-chat among them, need 2.34; .rkllm models do not.",
    });
    expect(findingsOf({ ...RK3588, [libc]: null, "/lib/ld-musl-aarch64.so.1": "" }).found("glibc")?.level).toBe("failure");
  });
});

test("an old vendor kernel is a warning that names the release that Rockchip asks for", () => {
  const files = { ...RK3588, "/proc/sys/kernel/osrelease": "5.10.160-rockchip\n" };
  expect(findingsOf(files).found("kernel")).toMatchObject({
    level: "warning",
    text: "The kernel is 5.10.160-rockchip; Rockchip asks for 5.10.209 or newer.",
  });
});

test("every finding is a sentence, and each that is not ok has a command", () => {
  const broken = findingsOf({ ...RK3588, ...NO_DRIVER, "/usr/lib/librkllmrt.so": null, "/proc/meminfo": "" }, ["/cache"]).report;
  for (const finding of broken.sections.flatMap(({ findings }) => findings)) {
    expect(finding.text).toMatch(/^.*\.$/);
    expect([finding.check, finding.fix === undefined]).toEqual([finding.check, finding.level === "ok"]);
  }
});
