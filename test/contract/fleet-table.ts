// What every table of gateways has to keep to.
import { describe, expect, it } from "vitest";
import { type FleetTable, NUMBERS, SPARE_MS } from "#proxy/adapters/fleet-table.ts";

const NOW = 1_000_000;
const LEASE = 10_000;
const member = (id: string, until = NOW + LEASE) => ({ id, host: "127.0.0.1", port: 6436, until });
const count = (from: number, to: number, limit: number | null = null) => ({ from, to, limit });

/** @param open opens an empty table each time */
export function fleetTableContract(name: string, open: () => Promise<FleetTable>): void {
  describe(`the table of gateways: ${name}`, () => {
    it("gives each a number of its own, and finds it by that", async () => {
      const table = await open();
      const numbers = await Promise.all(["a", "b", "c"].map((id) => table.enter(member(id), NOW, null)));
      expect(new Set(numbers).size).toBe(3);
      expect(await table.find(numbers[1] as number)).toEqual({ ...member("b"), number: numbers[1] });
      await table.leave({ number: numbers[1] as number, id: "b" });
      expect(await table.find(numbers[1] as number)).toBe(null);
      await table.leave({ number: numbers[0] as number, id: "somebody else" });
      expect(await table.find(numbers[0] as number)).not.toBe(null);
      table.close();
    });

    it("gives a number again when its time is up, with something to spare for clocks that differ", async () => {
      const table = await open();
      const one = { id: "a", number: await table.enter(member("a"), NOW, null) };
      expect(await table.renew({ ...one, until: NOW + 5 + LEASE }, NOW + 5)).toBe(true);
      const over = NOW + 5 + LEASE;
      expect(await table.renew({ ...one, until: over + LEASE }, over + 1)).toBe(false);
      expect(await table.enter(member("b", over + LEASE), over + SPARE_MS, null)).not.toBe(one.number);
      expect(await table.enter(member("c", over + LEASE), over + SPARE_MS + 1, null)).toBe(one.number);
      expect(await table.renew({ ...one, until: over + LEASE }, over)).toBe(false);
      // Whoever was too late has its number again, if nobody else has.
      expect(await table.enter(member("a2", over + LEASE), over + SPARE_MS + 1, one)).not.toBe(one.number);
      const late = { id: "b2", number: await table.enter(member("b2"), NOW, null) };
      expect(await table.enter(member("b3"), NOW + LEASE + 1, late)).toBe(late.number);
      expect(await table.find(late.number)).toMatchObject({ id: "b3" });
      table.close();
    });

    it("has 256 numbers", { timeout: 60_000 }, async () => {
      const table = await open();
      const numbers = new Set<number>();
      for (let i = 0; i < NUMBERS; i++) numbers.add(await table.enter(member(`m${i}`), NOW, null));
      expect([numbers.size, Math.min(...numbers), Math.max(...numbers)]).toEqual([NUMBERS, 0, NUMBERS - 1]);
      await expect(table.enter(member("more"), NOW, null)).rejects.toThrow("taken");
      table.close();
    });

    it("counts parts together up to a limit, in steps that can be asked for again", async () => {
      const table = await open();
      const change = (id: string, ...how: Parameters<typeof count>) => table.count("k", id, count(...how));
      expect(await change("a", 0, 2, 3)).toEqual({ done: true });
      expect(await change("a", 0, 2, 3)).toEqual({ done: true });
      expect(await change("b", 0, 1, 3)).toEqual({ done: true });
      expect(await change("b", 1, 2, 3)).toEqual({ done: false, own: 1 });
      expect(await change("b", 5, 6, 9)).toEqual({ done: false, own: 1 });
      expect(await change("a", 2, 1)).toEqual({ done: true });
      expect(await change("b", 1, 2, 3)).toEqual({ done: true });
      expect(await change("b", 2, 9)).toEqual({ done: true });
      expect(await change("c", 0, 1, 3)).toEqual({ done: false, own: 0 });
      expect(await change("b", 9, 0)).toEqual({ done: true });
      expect(await change("c", 0, 2, 3)).toEqual({ done: true });
      expect(await table.count("another", "c", count(0, 1, 1))).toEqual({ done: true });
      expect(await table.count("another", "d", count(0, 1, 1))).toEqual({ done: false, own: 0 });
      table.close();
    });

    it("gives the last place to one of those who ask at the same moment", async () => {
      const table = await open();
      const asked = Array.from({ length: 12 }, (_, i) => table.count("k", `m${i}`, count(0, 1, 5)));
      const got = await Promise.all(asked);
      expect(got.filter(({ done }) => done)).toHaveLength(5);
      table.close();
    });

    it("takes those out of the counts who are no members", async () => {
      const table = await open();
      for (const id of ["alive", "dead", "left"]) {
        const number = await table.enter(member(id, id === "dead" ? NOW : NOW + LEASE), NOW, null);
        await table.count("k", id, count(0, 1));
        await table.count("l", id, count(0, 2));
        if (id === "left") await table.leave({ number, id });
      }
      await table.count("k", "never", count(0, 4));
      const own = await table.sweep(NOW + SPARE_MS, "alive");
      expect([...own].sort()).toEqual([
        ["k", 1],
        ["l", 2],
      ]);
      expect(await table.count("k", "x", count(0, 1, 3))).toEqual({ done: true });
      await table.sweep(NOW + SPARE_MS + 1, "alive");
      await table.sweep(NOW + SPARE_MS + 1, "alive");
      expect(await table.count("k", "alive", count(1, 2, 2))).toEqual({ done: true });
      expect(await table.count("l", "alive", count(2, 3, 3))).toEqual({ done: true });
      expect(await table.count("l", "dead", count(2, 3))).toEqual({ done: false, own: 0 });
      table.close();
    });
  });
}
