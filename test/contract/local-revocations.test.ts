// The local table of revocations keeps to the contract of all of them; and nobody comes in while a table cannot be read, whichever it is.
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { RevocationTable } from "#proxy/adapters/local-revocations.ts";
import { watchRevocations } from "#proxy/adapters/revocations.ts";
import { temporaryState } from "#test/support/evidence.ts";
import { revocationsContract } from "./revocations.ts";

const state = temporaryState();
afterAll(() => state.remove());
revocationsContract("local", async () => new RevocationTable(join(state.path, "index.db")));

test("what was read ten seconds ago says nothing any more, also when an answer hangs; reading again does", async () => {
  let clock = 0;
  let broken: "fails" | "hangs" | null = null;
  let hung = () => {};
  const table = {
    all: () => {
      if (broken === "fails") throw new Error("no");
      return broken === "hangs" ? new Promise<[]>((resolve) => (hung = () => resolve([]))) : [];
    },
    close: () => {},
  };
  const watch = await watchRevocations(table, () => clock, 5);
  for (broken of ["fails", "hangs"] as const) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    clock += 9000;
    expect(watch.available).toBe(true);
    clock += 2000;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(watch.available).toBe(false);
    hung();
    broken = null;
    // The answer that was late is as old as its question.
    await vi.waitFor(() => expect(watch.available).toBe(true));
  }
  watch.close();
  await expect(
    watchRevocations({ ...table, all: () => Promise.reject(new Error("no")) }, () => clock),
  ).rejects.toThrow();
});
