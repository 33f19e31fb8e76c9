import { expect, test } from "bun:test";
import type { ChatMessage, GenerationRequest } from "../../../src/core/generation.ts";
import { Affinity, beginningsOf } from "../../../src/scheduler/affinity.ts";

const idle = [{ load: 0 }, { load: 0 }];
const said = (role: ChatMessage["role"], content: string): ChatMessage => ({ role, content });
const chat = (...messages: ChatMessage[]): Pick<GenerationRequest, "input" | "model"> => ({
  model: "m",
  input: { kind: "chat", messages, tools: [] },
});

test("every turn of a chat begins as the turn before it, and no other chat does", () => {
  const first = beginningsOf(chat(said("system", "Be kind."), said("user", "Hi")));
  const second = beginningsOf(chat(said("system", "Be kind."), said("user", "Hi"), said("assistant", "Hello"), said("user", "Go on")));
  const other = beginningsOf(chat(said("system", "Be kind."), said("user", "Ho")));
  expect([first.length, second.length, second.slice(0, 1)]).toEqual([1, 3, [...first]]);
  expect(other[0]).not.toBe(first[0]);
});

test("thoughts, which clients send back or not, make no difference; tools and the model do", () => {
  const plain = beginningsOf(chat(said("assistant", "Hello")));
  const thinking = beginningsOf(chat({ ...said("assistant", "Hello"), reasoning: "Hm." }));
  const withTools = beginningsOf({ model: "m", input: { kind: "chat", messages: [said("assistant", "Hello")], tools: [{ name: "f" }] } });
  const elsewhere = beginningsOf({ ...chat(said("assistant", "Hello")), model: "other" });
  expect([thinking[0] === plain[0], withTools[0] === plain[0], elsewhere[0] === plain[0]]).toEqual([true, false, false]);
});

test("a system message alone is no conversation", () => {
  expect(beginningsOf(chat(said("system", "Be kind.")))).toEqual([]);
});

test("a text has no beginnings", () => {
  expect(beginningsOf({ model: "m", input: { kind: "completion", prompt: "Once" } })).toEqual([]);
});

test("conversations stay where they were, new ones go where there is least to do", () => {
  const affinity = new Affinity(2);
  const a = ["s", "a"];
  const b = ["s", "b"];
  expect(affinity.choose(a, idle)).toBe(0);
  expect(affinity.choose(b, [{ load: 1 }, { load: 0 }])).toBe(1);
  expect([affinity.choose([...a, "a2"], idle), affinity.choose([...b, "b2"], idle)]).toEqual([0, 1]);
});

test("a conversation goes elsewhere when too many others are before it at home", () => {
  const affinity = new Affinity(2);
  affinity.choose(["a"], idle);
  expect(affinity.choose(["a", "a2"], [{ load: 1 }, { load: 0 }])).toBe(0);
  expect(affinity.choose(["a", "a2", "a3"], [{ load: 2 }, { load: 0 }])).toBe(1);
});

test("what was forgotten is like what was never there", () => {
  const affinity = new Affinity(2);
  affinity.choose(["first"], [{ load: 1 }, { load: 0 }]);
  for (let index = 0; index < 64; index++) affinity.choose([`other ${index}`], [{ load: 1 }, { load: 0 }]);
  expect(affinity.choose(["first", "again"], idle)).toBe(0);
});
