/** The engine's state, as telemetry shows it. */
import type { Engine } from "../../engine/engine.ts";
import type { ServerState } from "../../telemetry/server-state.ts";

/** Its state now. */
export function serverState(engine: Engine): ServerState {
  const { draining, models, loading } = engine.status();
  return { draining, models, loading, promptCache: engine.promptCache() };
}
