/** The NPU addresses memory in domains of 4 GB: models that share one have to fit into it together, however much memory the machine has. */

/** What a model takes of the NPU's addresses. */
export interface NpuShare {
  /** The domain where it begins; what does not fit goes on into the next one. */
  readonly domain: number;
  readonly bytes: number;
}

const DOMAIN_BYTES = 2 ** 32;

/** Bytes by domain. */
function spread({ domain, bytes }: NpuShare): ReadonlyMap<number, number> {
  const count = Math.max(1, Math.ceil(bytes / DOMAIN_BYTES));
  return new Map(Array.from({ length: count }, (_, index) => [domain + index, Math.min(DOMAIN_BYTES, bytes - index * DOMAIN_BYTES)]));
}

/** Whether two have a domain in common. */
export function shareDomain(one: NpuShare | null, other: NpuShare | null): boolean {
  if (one === null || other === null) return false;
  const domains = spread(other);
  return [...spread(one).keys()].some((domain) => domains.has(domain));
}

/** Whether one fits in beside others; null is not on the NPU. One alone fits always. */
export function fitsDomains(wanted: NpuShare | null, others: readonly (NpuShare | null)[]): boolean {
  if (wanted === null) return true;
  const sharing = others.filter((other): other is NpuShare => shareDomain(wanted, other)).map(spread);
  return [...spread(wanted)].every(
    ([domain, bytes]) => bytes + sharing.reduce((sum, each) => sum + (each.get(domain) ?? 0), 0) <= DOMAIN_BYTES,
  );
}
