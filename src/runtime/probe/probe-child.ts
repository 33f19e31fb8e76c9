/** The child process that asks: what the hidden subcommand `probe-host` runs. It may crash, hang or be refused; its parent draws the conclusions. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { abiForVersion } from "../native/abi.ts";
import { compileBridge } from "../native/bridge.ts";
import { openRuntime } from "../native/open-runtime.ts";
import { openProbeHandle, type ProbeLibrary, type ProbeOpening } from "../native/probe-handle.ts";
import { ProbeRecorder } from "../native/probe-recorder.ts";
import { PROBE_FILES, type ProbeLine, type ProbeSpec } from "./probe-protocol.ts";
import { ANSWER_TOKENS, type Asked, type Facts, GREEDY, Refusal } from "./question.ts";
import { OPEN } from "./opening-questions.ts";
import { questionNamed } from "./questions.ts";

/** Asks the questions of a folder's spec, then ends the process. */
export async function runProbeChild(folder: string): Promise<never> {
  const spec = JSON.parse(readFileSync(join(folder, PROBE_FILES.spec), "utf8")) as ProbeSpec;
  const answers = join(folder, PROBE_FILES.answers);
  const write = (line: ProbeLine) => appendFileSync(answers, `${JSON.stringify(line)}\n`);
  const recorder = new ProbeRecorder(spec.assets.probeSource);
  if (!recorder.dieWithParent(spec.parent)) process.exit(0);
  let library: ProbeLibrary | null = null;
  const known = { facts: { ...spec.known.facts }, notes: { ...spec.known.notes } };
  for (const id of spec.questions) {
    // Before the library is opened: that alone has ended processes (an illegal instruction).
    write({ kind: "begun", question: id });
    try {
      library ??= openLibrary(spec, recorder);
      await questionNamed(id).ask(askedOf({ spec, library, folder, id, known, write }));
      write({ kind: "done", question: id });
    } catch (thrown) {
      write({ kind: "refused", question: id, why: thrown instanceof Error ? thrown.message : String(thrown) });
      if (id === OPEN.id) break;
    }
  }
  recorder.flush();
  process.exit(0);
}

function openLibrary(spec: ProbeSpec, recorder: ProbeRecorder): ProbeLibrary {
  const bridge = compileBridge(spec.assets.bridgeSource);
  bridge.raiseOpenFiles();
  return {
    abi: abiForVersion(spec.library.version),
    functions: openRuntime(spec.library, spec.assets, bridge),
    recorder,
    options: spec.options,
    modelPath: spec.modelPath,
  };
}

function askedOf(parts: {
  readonly spec: ProbeSpec;
  readonly library: ProbeLibrary;
  readonly folder: string;
  readonly id: string;
  readonly known: { readonly facts: Record<string, Facts>; readonly notes: Record<string, readonly string[]> };
  readonly write: (line: ProbeLine) => void;
}): Asked {
  const { spec, library, folder, id, known, write } = parts;
  const init = (opening: Partial<ProbeOpening> = {}) =>
    openProbeHandle(library, { contextTokens: spec.options.contextTokens, newTokensMax: ANSWER_TOKENS, sampling: GREEDY, ...opening });
  return {
    library,
    contextTokens: spec.options.contextTokens,
    folder: spec.filesIn,
    controlTexts: spec.controlTexts,
    known,
    init,
    open(opening) {
      const { code, handle } = init(opening);
      if (code === 0 && handle !== null) return handle;
      throw new Refusal(`rkllm_init returned ${code}${handle === null ? " and no handle" : ""}`);
    },
    tell(facts, figures = {}) {
      known.facts[id] = { ...known.facts[id], ...facts };
      write({ kind: "told", question: id, facts, figures });
    },
    note(name, texts) {
      known.notes[name] = texts;
      write({ kind: "note", name, texts });
    },
    startBeside: (question) => startBeside(spec, folder, question),
  };
}

/** The second process has the first one's folder for its files, and a folder of its own for what it says. */
function startBeside(spec: ProbeSpec, folder: string, question: string): void {
  const own = join(folder, question);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, PROBE_FILES.spec), JSON.stringify({ ...spec, questions: [question], parent: process.pid } satisfies ProbeSpec));
  Bun.spawn([...spec.command, own], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
}
