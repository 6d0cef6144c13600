import { expect, test } from "vitest";

import { InProcessDispatcher } from "./in-process-dispatcher.ts";

function dispatcher(workflows: number, perTenant = workflows) {
  const activated: string[] = [];
  const slots = new InProcessDispatcher({ workflows, perTenant }, (key) => void activated.push(key));
  return { slots, activated };
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

test("tenants take turns, so that whoever comes late to a crowd is not last", () => {
  const { slots, activated } = dispatcher(1);
  for (const key of ["big/1", "big/2", "big/3", "small/1"]) slots.enqueue(key);
  for (const key of ["big/1", "big/2", "small/1"]) slots.release(key);
  expect(activated).toEqual(["big/1", "big/2", "small/1", "big/3"]);
});

test("no tenant has more slots than its share, whatever is free", () => {
  const { slots, activated } = dispatcher(4, 3);
  for (const key of ["big/1", "big/2", "big/3", "big/4"]) slots.enqueue(key);
  expect(activated).toEqual(["big/1", "big/2", "big/3"]);
  expect(slots.tryTake("big/5")).toBe(false);
  expect(slots.tryTake("small/1")).toBe(true);
  slots.release("small/1");
  expect(activated).toEqual(["big/1", "big/2", "big/3"]);
  slots.release("big/2");
  expect(activated).toEqual(["big/1", "big/2", "big/3", "big/4"]);
});
