// What every table of revocations has to keep to, and how it is watched.
import { describe, expect, it, vi } from "vitest";
import { type Revocation, type RevocationReader, watchRevocations } from "#proxy/adapters/revocations.ts";
import { ENGINEER } from "#test/support/evidence.ts";

export interface RevocationTableUnderTest extends RevocationReader {
  enter(revocation: Revocation): Promise<void> | void;
  lift(name: string): Promise<boolean> | boolean;
}

const entry = (name: string, at: number): Revocation => ({ name, by: "privacy", reason: "left the company", at });

/** @param open opens the same table each time; it begins empty in each test */
export function revocationsContract(name: string, open: () => Promise<RevocationTableUnderTest>): void {
  describe(`revocations: ${name}`, () => {
    it("are entered once a name, listed by time, and lifted", async () => {
      const table = await open();
      await table.enter(entry("late", 3));
      await table.enter(entry("early", 1));
      await table.enter(entry("late", 4));
      expect(await table.all()).toEqual([entry("early", 1), entry("late", 4)]);
      expect(await table.lift("late")).toBe(true);
      expect(await table.lift("late")).toBe(false);
      expect(await table.all()).toEqual([entry("early", 1)]);
      await table.lift("early");
      table.close();
    });

    it("are all seen, however many", async () => {
      const table = await open();
      // More than DynamoDB gives in a page.
      const long = entry("x", 1).reason.padEnd(9000, ".");
      for (let i = 0; i < 130; i++)
        await table.enter({ ...entry(`person-${String(i).padStart(3, "0")}`, 1), reason: long });
      expect((await table.all()).length).toBe(130);
      for (const { name } of await table.all()) await table.lift(name);
      table.close();
    });

    it("are told to whoever watches, within a look", async () => {
      const table = await open();
      const watch = await watchRevocations(await open(), Date.now, 10);
      const entered: Revocation[] = [];
      let changes = 0;
      watch.onEntered((revocation) => entered.push(revocation));
      const off = watch.onChange(() => changes++);
      await table.enter(entry("engineer", 5));
      await vi.waitFor(() => expect(watch.isRevoked(ENGINEER)).toBe(true), { timeout: 5000 });
      expect(watch.isRevoked({ ...ENGINEER, kind: "agent", name: "copilot", actsFor: "engineer" })).toBe(true);
      expect(watch.isRevoked({ ...ENGINEER, name: "nurse" })).toBe(false);
      expect([entered, changes]).toEqual([[entry("engineer", 5)], 1]);
      off();
      await table.lift("engineer");
      await vi.waitFor(() => expect(watch.isRevoked(ENGINEER)).toBe(false), { timeout: 5000 });
      watch.close();
      table.close();
    });
  });
}
