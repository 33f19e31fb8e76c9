/** Who has to go so that another model can be loaded: by count, by the memory that all take together, and by the addresses of the NPU. */
import { AppError } from "../core/errors.ts";
import { fitsDomains, type NpuShare, shareDomain } from "./npu-domains.ts";

/** A place that is taken. */
export interface Occupant {
  readonly name: string;
  readonly memoryBytes: number;
  /** null: it is not on the NPU. */
  readonly npu: NpuShare | null;
  readonly pinned: boolean;
  /** Nobody uses it. */
  readonly idle: boolean;
  /** Position in the order of uses. */
  readonly usedAt: number;
}

/** What there is for all. */
export interface Room {
  readonly countMax: number;
  /** Bytes that another model may take now; Infinity where nothing is known. */
  readonly freeBytes: number;
}

/** Memory of one that is loading or loaded. */
export interface HeldMemory {
  /** The estimate. */
  readonly memoryBytes: number;
  /** null: it is loading. For what it tells of itself see Closable. */
  readonly value: { cachedBytes?(): number } | null;
}

/** Where memory comes from; asked whenever something is to be loaded. */
export interface MemorySource {
  /** What all models may take together; null: what the system has to give. */
  budgetBytes(): number | null;
  /** What the system has to give now; null where it does not tell. */
  availableBytes(): number | null;
}

/** The rest of what is available stays with everything else that runs. */
const AVAILABLE_SHARE = 0.9;

/** Bytes that another model may take. `departing` are being closed. */
export function freeBytes(
  source: MemorySource,
  held: readonly HeldMemory[],
  departing: readonly Pick<HeldMemory, "memoryBytes">[],
): number {
  const budget = source.budgetBytes();
  if (budget !== null) return budget - bytesOf(held);
  const available = source.availableBytes();
  if (available === null) return Infinity;
  // The system has not yet given what a loading one will take, and counts pages of files as free.
  const claimed = held.reduce((sum, { value, memoryBytes }) => sum + (value === null ? memoryBytes : (value.cachedBytes?.() ?? 0)), 0);
  return available * AVAILABLE_SHARE + bytesOf(departing) - claimed;
}

/** Those that go now; or, where one of them is in use, all that may be among those that go once it is not. */
export type Making<R> = { readonly going: readonly R[] } | { readonly awaited: readonly R[] };

/**
 * Who has to go first, the one unused for longest before the others.
 * @param replaced an older edition of what is wanted, which nobody uses
 * @throws AppError out_of_memory when it does not fit whoever goes
 */
export function makeRoom<R extends Occupant>(
  wanted: { readonly name: string; readonly memoryBytes: number; readonly npu?: NpuShare },
  occupants: readonly R[],
  room: Room,
  replaced: R | null,
): Making<R> {
  const others = occupants.filter((occupant) => occupant !== replaced);
  const movable = others.filter(({ pinned }) => !pinned).sort((a, b) => Number(b.idle) - Number(a.idle) || a.usedAt - b.usedAt);
  const free = room.freeBytes + (replaced?.memoryBytes ?? 0);
  const fits = (gone: readonly R[]) => others.length - gone.length < room.countMax && free + bytesOf(gone) >= wanted.memoryBytes;
  if (others.length - movable.length >= room.countMax) throw noPlace(others.filter(({ pinned }) => pinned));
  if (!fits(movable)) throw noMemory(wanted, free, others);
  const npu = wanted.npu ?? null;
  const fitsNpu = (gone: readonly R[]) =>
    fitsDomains(
      npu,
      others.filter((occupant) => !gone.includes(occupant)).map((occupant) => occupant.npu),
    );
  if (!fitsNpu(movable)) throw noDomain(wanted.name, npu, others);
  const going: R[] = [];
  /** false: one that is in use has to be waited for. */
  const send = (candidates: readonly R[], isEnough: (gone: readonly R[]) => boolean): boolean => {
    for (const occupant of candidates) {
      if (isEnough(going)) break;
      if (!occupant.idle) return false;
      going.push(occupant);
    }
    return true;
  };
  // Only those that share a domain help there; what goes for it is not needed twice.
  const sharing = movable.filter((occupant) => shareDomain(npu, occupant.npu));
  if (!send(sharing, fitsNpu)) return { awaited: sharing };
  const rest = movable.filter((occupant) => !going.includes(occupant));
  if (!send(rest, fits)) return { awaited: movable };
  return { going: replaced === null ? going : [replaced, ...going] };
}

function bytesOf(occupants: readonly Pick<HeldMemory, "memoryBytes">[]): number {
  return occupants.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
}

function noPlace(pinned: readonly Occupant[]): AppError {
  const names = pinned.map(({ name }) => name).join(", ");
  return new AppError(
    "out_of_memory",
    `Every place for a loaded model is taken by one that is pinned: ${names}. Unload one of them, or raise models_loaded_max.`,
  );
}

function noDomain(name: string, npu: NpuShare | null, others: readonly Occupant[]): AppError {
  const pinned = others.filter((each) => each.pinned && shareDomain(npu, each.npu)).map((each) => each.name);
  return new AppError(
    "out_of_memory",
    `The model ${name} does not fit into the NPU's memory domain ${npu?.domain ?? 0}, of 4 GB, beside ${pinned.join(", ")}, which ` +
      `${pinned.length === 1 ? "is" : "are"} pinned. Unload one of them, or give one of the models another base_domain_id in inference_config.json.`,
  );
}

function noMemory(wanted: { readonly name: string; readonly memoryBytes: number }, free: number, others: readonly Occupant[]): AppError {
  const named = (occupants: readonly Occupant[]) => occupants.map((each) => `${each.name} (${gigabytes(each.memoryBytes)})`).join(", ");
  const movable = others.filter(({ pinned }) => !pinned);
  const pinned = others.filter((each) => each.pinned);
  const sentences = [
    `The model ${wanted.name} needs about ${gigabytes(wanted.memoryBytes)} of memory, and ${gigabytes(Math.max(0, free))} are free.`,
    movable.length === 0 ? "There is no model to unload for it." : `Unloading ${named(movable)} would not be enough.`,
    ...(pinned.length === 0 ? [] : [`Pinned: ${named(pinned)}.`]),
    "Use a smaller model or a shorter context (max_context_len), or set memory_budget_bytes.",
  ];
  return new AppError("out_of_memory", sentences.join(" "));
}

function gigabytes(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
