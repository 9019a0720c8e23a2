import { expect, test } from "vitest";
import { within } from "#proxy/gate/deadline.ts";

test("an answer in time is passed on, a failure too, and silence becomes a failure", async () => {
  expect(await within(1000, Promise.resolve(1))).toBe(1);
  await expect(within(1000, Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(within(5, new Promise(() => {}))).rejects.toThrow("in time");
});
