// What every sequence of a ledger has to keep to.
import { describe, expect, it } from "vitest";
import type { LedgerSequence } from "#shared/evidence/ledger-sequence.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";

const record = (i: number): ObjectRecord => ({
  key: `events/v1/date=2026-11-20/target=clinic/S${i}/0000000001-0000000001.ndjson.zst`,
  sha256: String(i).padStart(64, "0"),
  bytes: i,
  first: 1,
  last: 1,
  final: i % 2 === 0,
});
const some = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => record(from + i));

/** @param open a new one each time */
export function ledgerSequenceContract(name: string, open: () => Promise<LedgerSequence>): void {
  describe(`ledger's sequence: ${name}`, () => {
    it("gives each object one place, in order, and the first one for good", async () => {
      const sequence = await open();
      expect(await sequence.next()).toBe(0);
      await sequence.assign(some(0, 3));
      await sequence.assign([...some(1, 5), record(4), record(0)]);
      await sequence.assign([]);
      expect(await sequence.next()).toBe(5);
      expect(await sequence.from(0, 1000)).toEqual(some(0, 5));
      expect(await sequence.from(5, 1000)).toEqual([]);
    });

    it("takes many at a time, and gives them a part at a time", async () => {
      const sequence = await open();
      await sequence.assign(some(0, 250));
      const seen: ObjectRecord[] = [];
      for (;;) {
        const more = await sequence.from(seen.length, 60);
        if (more === null || more.length === 0) break;
        seen.push(...more);
      }
      expect(seen).toEqual(some(0, 250));
    });

    it("gives no place twice and leaves none out, whoever asks at once", async () => {
      const sequence = await open();
      await Promise.all([some(0, 30), some(20, 50), some(10, 40), some(0, 50)].map((them) => sequence.assign(them)));
      const all = (await sequence.from(0, 1000)) ?? [];
      expect(all.map(({ bytes }) => bytes).sort((a, b) => a - b)).toEqual(some(0, 50).map(({ bytes }) => bytes));
      expect(await sequence.next()).toBe(50);
    });

    it("forgets what is signed and no more, but not that it had a place", async () => {
      const sequence = await open();
      await sequence.assign(some(0, 10));
      await sequence.assign(some(10, 12));
      await sequence.forget(10);
      await sequence.forget(10);
      expect(await sequence.from(0, 1000)).toBeNull();
      expect(await sequence.from(10, 1000)).toEqual(some(10, 12));
      await sequence.assign(some(0, 13));
      expect(await sequence.from(10, 1000)).toEqual(some(10, 13));
      await sequence.forget(13);
      expect(await sequence.from(13, 1000)).toEqual([]);
      expect(await sequence.from(12, 1000)).toBeNull();
    });
  });
}
