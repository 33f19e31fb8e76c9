import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { Alarm } from "../../../src/core/alarm.ts";

let nowMs = 0;
let rings: number[] = [];
const realNow = performance.now.bind(performance);

beforeEach(() => {
  nowMs = 0;
  rings = [];
  jest.useFakeTimers();
  performance.now = () => nowMs;
});
afterEach(() => {
  jest.useRealTimers();
  performance.now = realNow;
});

const newAlarm = () => new Alarm(100, () => rings.push(nowMs));

function pass(ms: number): void {
  for (let step = 0; step < ms; step++) {
    nowMs++;
    jest.advanceTimersByTime(1);
  }
}

test("an alarm rings once, after its time", () => {
  newAlarm().set();
  pass(500);
  expect(rings).toEqual([100]);
});

test("an alarm that is set again and again does not ring until it is left alone", () => {
  const alarm = newAlarm();
  for (let count = 0; count < 10; count++) {
    alarm.set();
    pass(60);
  }
  pass(500);
  expect(rings).toEqual([640]);
});

test("a cleared alarm does not ring, and can be set again", () => {
  const alarm = newAlarm();
  alarm.set();
  pass(50);
  alarm.clear();
  pass(500);
  alarm.set();
  pass(500);
  expect(rings).toEqual([650]);
});

test("an ended alarm leaves no timer", () => {
  const alarm = newAlarm();
  alarm.set();
  alarm.end();
  expect(jest.getTimerCount()).toBe(0);
  pass(500);
  expect(rings).toEqual([]);
});
