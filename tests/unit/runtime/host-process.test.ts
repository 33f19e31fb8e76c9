import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { hostProcessLauncher } from "../../../src/runtime/host-process.ts";

/** A host that is a shell script, and the lines it printed by the time it ended. */
function launch(script: string) {
  const lines: string[] = [];
  const launchHost = hostProcessLauncher({ command: ["sh", "-c", script], environment: process.env, onOutput: (line) => lines.push(line) });
  return { lines, link: launchHost(() => {}) };
}

/** Those of this process. */
function openSockets(): ReadonlySet<string> {
  const files = readdirSync("/proc/self/fd").map((file) => {
    try {
      return readlinkSync(`/proc/self/fd/${file}`);
    } catch {
      return "closed meanwhile";
    }
  });
  return new Set(files.filter((file) => file.startsWith("socket:")));
}

test("a host's output is told line by line, with what stands behind the last line's end and each state of a progress bar", async () => {
  const { lines, link } = launch(String.raw`printf 'one\n\ntwo\rthree\r\nfo'; printf 'ur'`);
  expect(await link.ended).toBe("exit code 0");
  expect(lines).toEqual(["one", "two", "three", "four"]);
  expect(link.outputTail()).toEqual(lines);
});

test("a host that prints without ever ending a line fills neither memory nor log", async () => {
  const { lines, link } = launch("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end");
  await link.ended;
  expect(lines).toEqual(["x".repeat(2000), "end"]);
});

test("only the last lines of a host are kept", async () => {
  const { lines, link } = launch("seq 100");
  await link.ended;
  expect(lines).toHaveLength(100);
  expect(link.outputTail()).toEqual(lines.slice(60));
});

test("the last lines of a host that crashed are its library's, not Bun's report of the crash", async () => {
  const report = `printf '%s\\n' ====== 'Bun v${Bun.version} (abc) Linux' 'oh no: Bun has crashed.' >&2`;
  const { lines, link } = launch(`echo 'E RKNN: out of memory' >&2; ${report}`);
  await link.ended;
  expect(lines).toHaveLength(4);
  expect(link.outputTail()).toEqual(["E RKNN: out of memory"]);
});

test("a host that has closed its line but has not ended yet can be told something all the same", async () => {
  const { link } = launch('eval "exec $NODE_CHANNEL_FD>&-"; echo closed; exec sleep 60');
  while (link.outputTail().length === 0) await Bun.sleep(1);
  await Bun.sleep(50);
  link.send({ kind: "ping" });
  link.kill();
  expect(await link.ended).toBe("signal SIGKILL");
});

test("a host has ended when it has, also while a process that it has started holds its output", async () => {
  const { lines, link } = launch("sleep 60 & echo $!");
  expect(await link.ended).toBe("exit code 0");
  process.kill(Number(lines[0]));
});

test("a host that has ended leaves no open file behind, also while a process that it has started holds its token line", async () => {
  const before = openSockets();
  const { lines, link } = launch("sleep 60 >/dev/null 2>&1 & echo $!");
  await link.ended;
  const left = () => openSockets().difference(before);
  for (let waits = 0; left().size > 0 && waits < 100; waits++) await Bun.sleep(10);
  process.kill(Number(lines[0]));
  expect(left().size).toBe(0);
});

test("a model counts as open once all that was printed while it loaded has been read, and the mark behind it is nobody's", async () => {
  const heard: string[] = [];
  const opened = '{"kind":"opened","capabilities":{}}';
  // The news comes first.
  const script = `printf '%s\\n' '${opened}' >&"$NODE_CHANNEL_FD"; echo said; echo warned >&2
    printf '\\n\\036 loaded\\n'; printf '\\n\\036 loaded\\n' >&2; exec sleep 60`;
  const command = ["sh", "-c", `eval "${script.replaceAll(/["$\\]/g, String.raw`\$&`)}"`];
  const told = Promise.withResolvers<void>();
  const launchHost = hostProcessLauncher({ command, environment: process.env, onOutput: (line) => heard.push(line) });
  const link = launchHost(({ kind }) => {
    heard.push(kind);
    told.resolve();
  });
  await told.promise;
  expect([heard.slice(0, 2).toSorted(), heard.slice(2)]).toEqual([["said", "warned"], ["opened"]]);
  link.kill();
  await link.ended;
});
