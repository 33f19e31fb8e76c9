/**
 * Addresses and networks of IPv4 and IPv6, compared as numbers. An IPv4 address that comes in IPv6's clothes (`::ffff:10.0.0.1`, as a
 * server that listens on both families sees it) is the IPv4 address, so one network covers both spellings.
 */

/** An address as a number of 32 or 128 bits. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** All addresses that share their first `prefix` bits. */
export interface Network {
  readonly base: Address;
  readonly prefix: number;
}

const MAPPED_BITS = 96;
const MAPPED_PREFIX = 0xffffn;
const IPV4_PART = /^(?:0|[1-9]\d{0,2})$/;
const IPV6_PART = /^[0-9a-f]{1,4}$/i;
const PREFIX_LENGTH = /^(?:0|[1-9]\d{0,2})$/;

function joined(parts: readonly number[], bitsPerPart: bigint): bigint {
  return parts.reduce((value, part) => (value << bitsPerPart) | BigInt(part), 0n);
}

/** Four decimal parts and nothing else: no octal, no hexadecimal, no left-out parts, which programs read differently. */
function parseIpv4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => IPV4_PART.test(part) && Number(part) <= 255)) return null;
  return joined(parts.map(Number), 8n);
}

/** The groups on one side of `::`. */
function ipv6Groups(text: string): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const tail = index === parts.length - 1 && part.includes(".") ? parseIpv4(part) : null;
    if (tail !== null) groups.push(Number(tail >> 16n), Number(tail & 0xffffn));
    else if (IPV6_PART.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

function parseIpv6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2 || (halves.length === 2 && halves[0]?.includes(".") === true)) return null;
  const [left, right] = halves.map(ipv6Groups);
  if (left === undefined || left === null || right === null) return null;
  if (right === undefined) return left.length === 8 ? joined(left, 16n) : null;
  const missing = 8 - left.length - right.length;
  return missing < 1 ? null : joined([...left, ...Array.from({ length: missing }, () => 0), ...right], 16n);
}

/** Reads an address; null for everything that is none. The name of an interface behind `%` is left out. */
export function parseAddress(text: string): Address | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return { bits: 32, value: ipv4 };
  const ipv6 = parseIpv6(text.replace(/%[\w.-]+$/, ""));
  if (ipv6 === null) return null;
  return ipv6 >> 32n === MAPPED_PREFIX ? { bits: 32, value: ipv6 & 0xffff_ffffn } : { bits: 128, value: ipv6 };
}

/** Reads `192.168.0.0/16`, `fd00::/8` or a single address; null for everything else. Bits behind the prefix do not count. */
export function parseNetwork(text: string): Network | null {
  const [host = "", length, ...rest] = text.split("/");
  const base = host.includes("%") ? null : parseAddress(host);
  if (base === null || rest.length > 0) return null;
  if (length === undefined) return { base, prefix: base.bits };
  if (!PREFIX_LENGTH.test(length)) return null;
  // The prefix of a mapped address counts from the front of its IPv6 spelling.
  const prefix = Number(length) - (base.bits === 32 && host.includes(":") ? MAPPED_BITS : 0);
  return prefix < 0 || prefix > base.bits ? null : { base, prefix };
}

/** Whether an address lies in a network. */
export function networkContains({ base, prefix }: Network, address: Address): boolean {
  const rest = BigInt(base.bits - prefix);
  return base.bits === address.bits && base.value >> rest === address.value >> rest;
}

const LOOPBACK: readonly Network[] = [
  { base: { bits: 32, value: 0x7f00_0000n }, prefix: 8 },
  { base: { bits: 128, value: 1n }, prefix: 128 },
];

/** Whether an address only takes, and only makes, connections within this machine. */
export function isLoopbackAddress(address: Address): boolean {
  return LOOPBACK.some((network) => networkContains(network, address));
}

/** Everything that no address of the internet is: private, of one link, of this machine, shared by a provider's customers, for several at once. */
const INSIDE_IPV4 = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/3";
const INSIDE_IPV6 = "::/127 fc00::/7 fe80::/9 ff00::/8";
const INSIDE: readonly Network[] = `${INSIDE_IPV4} ${INSIDE_IPV6}`.split(" ").flatMap((text) => parseNetwork(text) ?? []);

/** NAT64: an IPv4 address behind 96 bits that say so. */
const NAT64: Network = { base: { bits: 128, value: 0x64_ff9bn << 96n }, prefix: 96 };

/** Whether only machines of the same network, or this one, reach an address. */
export function isInsideAddress(address: Address): boolean {
  const { value } = address;
  const reached: Address = networkContains(NAT64, address) ? { bits: 32, value: value & 0xffff_ffffn } : address;
  return INSIDE.some((network) => networkContains(network, reached));
}

/** A network as people write it: 10.0.0.0/8, fd00:0:0:0:0:0:0:0/8. */
export function networkText({ base: { bits, value }, prefix }: Network): string {
  const [count, width, radix, separator] = bits === 32 ? [4, 8n, 10, "."] : [8, 16n, 16, ":"];
  const parts = Array.from({ length: count }, (_, index) => (value >> (BigInt(count - 1 - index) * width)) & ((1n << width) - 1n));
  return `${parts.map((part) => part.toString(radix)).join(separator)}/${prefix}`;
}
