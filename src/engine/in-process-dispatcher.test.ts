import { expect, test } from "vitest";

import { InProcessDispatcher } from "./in-process-dispatcher.ts";

function dispatcher(limit: number): { slots: InProcessDispatcher; activated: string[] } {
  const activated: string[] = [];
  return { slots: new InProcessDispatcher(limit, (key) => void activated.push(key)), activated };
}

test("gives out as many slots as there are, and the next in the order in which they were asked for", () => {
  const { slots, activated } = dispatcher(2);
  for (const key of ["a", "b", "c", "d"]) slots.enqueue(key);
  expect(activated).toEqual(["a", "b"]);
  slots.release("b");
  slots.release("a");
  expect(activated).toEqual(["a", "b", "c", "d"]);
});

test("whoever asks twice waits once, and has one slot", () => {
  const { slots, activated } = dispatcher(1);
  for (const key of ["a", "b", "a", "b", "c"]) slots.enqueue(key);
  slots.release("a");
  slots.release("b");
  expect(activated).toEqual(["a", "b", "c"]);
});

test("a slot that is taken directly counts, and gives way to those that wait", () => {
  const { slots, activated } = dispatcher(1);
  expect(slots.tryTake("a")).toBe(true);
  expect(slots.holds("a")).toBe(true);
  expect(slots.tryTake("b")).toBe(false);
  slots.enqueue("c");
  expect(activated).toEqual([]);
  slots.release("a");
  expect(activated).toEqual(["c"]);
  expect(slots.tryTake("b")).toBe(false);
});

test("a slot that nobody holds can't be given back twice", () => {
  const { slots, activated } = dispatcher(1);
  slots.enqueue("a");
  slots.enqueue("b");
  slots.release("x");
  expect(activated).toEqual(["a"]);
  slots.release("a");
  slots.release("a");
  expect(activated).toEqual(["a", "b"]);
});

test("once closed it gives out nothing", () => {
  const { slots, activated } = dispatcher(1);
  slots.enqueue("a");
  slots.enqueue("b");
  slots.close();
  slots.release("a");
  slots.enqueue("c");
  expect(slots.tryTake("d")).toBe(false);
  expect(activated).toEqual(["a"]);
});
