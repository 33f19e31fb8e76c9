/** Opens a model, runs it once and closes it, in a process that may crash or hang at any of these; says on standard error how far it came. */
import { writeSync } from "node:fs";
import { CpuRuntime } from "./cpu-runtime-harness.ts";
import { outcomeOf } from "./cpu-runtime-recorder.ts";

const say = (line: string): void => void writeSync(2, `${line}\n`);
const runtime = new CpuRuntime("bun", "1.3.0");
say("start");
const { status, handle } = runtime.init(process.argv[2]!, { newTokensMax: 3 });
say(`init ${status}`);
if (status !== 0) process.exit(0);
const model = runtime.model(handle);
const timer = setInterval(() => {
  if (outcomeOf(0).deliveries.length > 0) say("token");
}, 5);
model.runAsync("the word");
while (model.isRunning() === 1) await Bun.sleep(2);
clearInterval(timer);
say(`run ${outcomeOf(0).perf === undefined ? -1 : 0}`);
say(`destroy ${model.destroy()}`);
