import { expect, test } from "bun:test";
import { assert, constantFrom, ipV4, ipV6, oneof, property, string } from "fast-check";
import { isIPv4, isIPv6 } from "node:net";
import { isLoopbackAddress, networkContains, parseAddress, parseNetwork } from "../../../src/core/network.ts";

function contains(network: string, address: string): boolean {
  const [parsedNetwork, parsedAddress] = [parseNetwork(network), parseAddress(address)];
  if (parsedNetwork === null || parsedAddress === null) throw new Error(`${network} or ${address} cannot be read`);
  return networkContains(parsedNetwork, parsedAddress);
}

test.each([
  ["192.168.0.0/16", "192.168.255.1", true],
  ["192.168.0.0/16", "192.169.0.1", false],
  ["192.168.7.7/16", "192.168.1.1", true],
  ["10.0.0.5", "10.0.0.5", true],
  ["10.0.0.5", "10.0.0.6", false],
  ["0.0.0.0/0", "8.8.8.8", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["128.0.0.0/1", "127.255.255.255", false],
  ["10.0.0.0/31", "10.0.0.1", true],
  ["fd00::/8", "fdab:1::2", true],
  ["fd00::/8", "fe80::1", false],
  ["2001:db8::/33", "2001:db8:8000::", false],
  ["::1", "0:0:0:0:0:0:0:1", true],
  ["fe80::/10", "fe80::1%eth0", true],
  // One network covers both spellings of an IPv4 address, and a network of IPv6 covers none.
  ["192.168.0.0/16", "::ffff:192.168.1.1", true],
  ["192.168.0.0/16", "::FFFF:c0a8:0101", true],
  ["::ffff:192.168.0.0/112", "192.168.1.1", true],
  ["::ffff:192.168.0.0/112", "192.169.1.1", false],
  ["::/0", "192.168.1.1", false],
  ["::/0", "::ffff:192.168.1.1", false],
  ["::/96", "::192.168.1.1", true],
])("%p contains %p: %p", (network, address, expected) => {
  expect(contains(network, address)).toBe(expected);
});

test.each([
  "",
  " ",
  "/",
  "/8",
  "localhost",
  "192.168.1",
  "192.168.1.1.1",
  "192.168.1.256",
  "192.168.01.1",
  "0300.0250.1.1",
  "0xc0.0xa8.1.1",
  "3232235777",
  "192.168.1.1/33",
  "192.168.1.1/-1",
  "192.168.1.1/",
  "192.168.1.1/08",
  "192.168.1.1/8/8",
  "192.168.1.1/255.255.0.0",
  "192.168.1.1/1e1",
  "192.168.1.1 ",
  "192.168.1.1:80",
  "١٩٢.168.1.1",
  "*",
  ":",
  ":::",
  "1::2::3",
  "::12345",
  "::g",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7::8",
  "[::1]",
  "fe80::1%eth0/64",
  "::ffff:1.2.3",
  "1.2.3.4::",
  "::1/129",
  "::ffff:1.2.3.4/95",
])("%p is no network", (text) => {
  expect(parseNetwork(text)).toBeNull();
});

test("loopback is this machine alone, in every spelling", () => {
  const loopback = (text: string): boolean | undefined => {
    const address = parseAddress(text);
    return address === null ? undefined : isLoopbackAddress(address);
  };
  expect(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"].map(loopback)).toEqual([true, true, true, true, true]);
  expect(["0.0.0.0", "::", "::2", "128.0.0.1", "::127.0.0.1", "127.evil.example"].map(loopback)).toEqual([
    false,
    false,
    false,
    false,
    false,
    undefined,
  ]);
});

test("addresses are what Node takes for addresses", () => {
  const almost = string({ unit: constantFrom(..."0123456789abf:.:.".split("")), maxLength: 24 });
  assert(
    property(oneof(ipV4(), ipV6(), almost), (text) => {
      expect(parseAddress(text) !== null).toBe(isIPv4(text) || isIPv6(text));
    }),
    { numRuns: 2000 },
  );
});
