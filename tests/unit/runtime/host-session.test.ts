/** One life of a host: what is asked of it, what it answers, and how long that may take. */
import { expect, test } from "bun:test";
import { EngineHost } from "../../../src/runtime/host.ts";
import { HostSession } from "../../../src/runtime/host-session.ts";
import type { HostEvent, OpenSpec } from "../../../src/runtime/protocol.ts";
import { PlayedHost } from "../../support/played-host.ts";
import { gathering } from "../../support/running-batch.ts";

const SPEC = { model: { id: "tiny" } } as OpenSpec;
const CAPABILITIES = { version: "1.3.0", perRunSampling: true, contextTokens: 64, lanes: 1, threads: 1 };
const STATS = { prefillTokens: 1000, prefillMs: 10_000, decodeTokens: 1, decodeMs: 1, memoryMb: 1 };
const LIMITS = {
  loadTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  pingTimeoutMs: 60_000,
  prefillStallMs: 60_000,
  prefillStallPerTokenMs: 0,
  decodeStallMs: 60_000,
};
const never = () => new AbortController().signal;

/** A session of its own, open. */
async function openSession(limits: Partial<typeof LIMITS>): Promise<{ session: HostSession; host: PlayedHost }> {
  let host: PlayedHost | null = null;
  const session = new HostSession(SPEC, (say) => (host = new PlayedHost(say, (killed) => killed.die("signal SIGKILL"))).link, {
    ...LIMITS,
    ...limits,
  });
  const opening = session.open();
  host!.say({ kind: "opened", capabilities: CAPABILITIES });
  await opening;
  return { session, host: host! };
}

test("a file has its time limit, whatever else is asked of the host meanwhile", async () => {
  const { session, host } = await openSession({ loadTimeoutMs: 20, pingTimeoutMs: 40 });
  const saving = session.savePrompt("/tmp/prompt.kv");
  const question = session.inspect({ kind: "ids", ids: [1], pieces: false });
  const { inspectionId } = await host.hears("inspect");
  host.say({ kind: "inspected", inspectionId, answer: { text: "a", ids: [1], pieces: [] } });
  await question;
  expect(session.idle).toBe(false);
  expect(saving).rejects.toMatchObject({ code: "engine_lost", message: expect.stringContaining("not written or read within") as string });
  await saving.catch(() => {});
});

test("a host that answers no pings is ended though tokens come, which do not pass through its main thread", async () => {
  const { session, host } = await openSession({ pingTimeoutMs: 40 });
  const { reader, events } = gathering();
  const over = session.run({ sampling: {} as never, members: [{ promptId: 1, tokensMax: 1000, signal: never(), reader }] }, 1);
  const tokens = setInterval(() => host.say({ kind: "text", promptId: 1, text: "on", tokens: 1 }), 5);
  await expect(events).rejects.toMatchObject({ code: "engine_lost", message: expect.stringContaining("did not answer for") as string });
  clearInterval(tokens);
  await over;
});

test("a run that fails has no figures, least of all those of the run before it", async () => {
  const { session, host } = await openSession({});
  const run = async (end: HostEvent): Promise<void> => {
    const { reader } = gathering();
    const over = session.run({ sampling: {} as never, members: [{ promptId: 1, tokensMax: 1, signal: never(), reader }] }, 1);
    host.say(end);
    host.say({ kind: "idle", held: null });
    await over;
  };
  await run({ kind: "ended", promptId: 1, reason: "stop", stats: STATS });
  expect(session.lastStats).toEqual(STATS);
  await run({ kind: "run_failed", promptId: 1, error: { code: "runtime_error", message: "no", details: {} } });
  expect(session.lastStats).toBeNull();
});

test.each([
  [{ kind: "run", sampling: {} as never, members: [{ promptId: 1, tokensMax: 1 }] } as const, ["run_failed", "idle"]],
  [{ kind: "embed", promptId: 1 } as const, ["run_failed", "idle"]],
  [{ kind: "save_prompt", path: "/tmp/prompt.kv" } as const, ["prompt_saved"]],
  [{ kind: "load_prompt", path: "/tmp/prompt.kv" } as const, ["prompt_loaded"]],
])("a host that cannot do what it is told says so: %j", async (command, expected) => {
  const said: string[] = [];
  await new EngineHost((event) => void said.push(event.kind)).receive(command);
  expect(said).toEqual(expected);
});
