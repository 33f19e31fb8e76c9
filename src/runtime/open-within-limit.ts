/** Opens a model with no more context than its file allows, though that is only known once the library has looked at the file. */
import type { HostedSlotOptions } from "./hosted-slot.ts";
import { HostedSlot } from "./hosted-slot.ts";
import type { LoadLog } from "./load-log.ts";

/** The runtime wants a multiple of 32 at conversion; whether also at init is not documented, so the length is rounded down until it is known. */
const CONTEXT_STEP_TOKENS = 32;

/** A length that every runtime takes, tokens; in steps of `stepTokens` where those are known. */
export function inSteps(contextTokens: number, stepTokens: number = CONTEXT_STEP_TOKENS): number {
  return contextTokens - (contextTokens % stepTokens);
}

/**
 * Opens it as asked. Where the library then says that the file allows less, whether it refused the model for that or not, it is opened once
 * more with what is allowed: a context can only be chosen when a model is opened.
 * @param loadLog reads what the hosts of `options` print
 * @param onLowered is told the context that is used in place of the one asked for
 * @throws what HostedSlot.open throws
 */
export async function openWithinLimit(
  options: HostedSlotOptions,
  loadLog: LoadLog,
  signal: AbortSignal,
  onLowered: (contextTokens: number) => void,
): Promise<HostedSlot> {
  const { spec } = options;
  const opened = await HostedSlot.open(options, signal).catch((thrown: unknown) => ({ thrown }));
  const allowed = inSteps(loadLog.facts.contextTokensMax ?? spec.options.contextTokens, spec.findings?.contextStepTokens);
  const isShort = allowed > 0 && allowed < spec.options.contextTokens && !signal.aborted;
  if (opened instanceof HostedSlot) {
    if (!isShort) return opened;
    await opened.close();
  } else if (!isShort) throw opened.thrown;
  onLowered(allowed);
  return HostedSlot.open({ ...options, spec: { ...spec, options: { ...spec.options, contextTokens: allowed } } }, signal);
}
