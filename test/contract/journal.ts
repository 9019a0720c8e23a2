// What every journal has to keep to.
import { describe, expect, it } from "vitest";
import type { JournalPort } from "#shared/evidence/ports.ts";

/** @param open opens the journal of a place; opening it again after `close` is what a new process does */
export function journalContract(name: string, open: (place: string) => Promise<JournalPort>): void {
  describe(`journal: ${name}`, () => {
    it("gives a later process what was written, in order, also what is larger than a unit", async () => {
      const first = await open("order");
      const batches = [10, 1, 100_000, 3, 700_000, 5].map((size, i) => Buffer.alloc(size, 97 + i));
      const units: number[] = [];
      for (const batch of batches) units.push(await first.write(batch));
      await first.close();
      expect(units).toEqual([...units].sort((a, b) => a - b));

      const second = await open("order");
      const read = [];
      for await (const { unit, bytes } of second.read()) read.push({ unit, bytes: Buffer.from(bytes) });
      expect(read.map((batch) => batch.bytes)).toEqual(batches);
      expect(read.map((batch) => batch.unit)).toEqual(units);
      await second.close();
    });

    it("forgets what recovery is done with, and keeps what was written since", async () => {
      const first = await open("forget");
      await first.write(Buffer.from("old"));
      await first.close();
      const second = await open("forget");
      await second.write(Buffer.from("new"));
      await second.forget();
      await second.close();
      const third = await open("forget");
      expect(await contents(third)).toEqual(["new"]);
      await third.close();
    });

    it("lets units go that were released, and never shows what a unit held before", async () => {
      const journal = await open("release");
      const big = Buffer.alloc(100_000, "x");
      let last = 0;
      const seen = new Set<number>();
      for (let i = 0; i < 30; i++) {
        const unit = await journal.write(Buffer.concat([Buffer.from(String(i).padStart(3, "0")), big]));
        if (unit !== last && last !== 0) await journal.release(last);
        last = unit;
        seen.add(unit);
      }
      expect(seen.size).toBeGreaterThan(3);
      await journal.close();
      const next = await open("release");
      const left: { unit: number; start: string }[] = [];
      for await (const { unit, bytes } of next.read())
        left.push({ unit, start: Buffer.from(bytes).toString("latin1", 0, 3) });
      expect(new Set(left.map((batch) => batch.unit))).toEqual(new Set([last]));
      expect(left.at(-1)?.start).toBe("029");
      await next.close();
    });

    it("takes nothing more once it is closed, whoever has it then", async () => {
      const first = await open("closed");
      await first.write(Buffer.from("before"));
      const last = first.write(Buffer.alloc(700_000, "y"));
      await Promise.all([first.close(), last.catch(() => 0)]);
      const second = await open("closed");
      await second.write(Buffer.from("mine"));
      for (let i = 0; i < 3; i++) await expect(first.write(Buffer.from("late"))).rejects.toThrow();
      await second.close();
      const third = await open("closed");
      expect((await contents(third)).filter((text) => !text.startsWith("y"))).toEqual(["before", "mine"]);
      await third.close();
    });

    it("has one writer at a time: the first stays, or the second takes over for good", async () => {
      const first = await open("writer");
      const second = await open("writer").catch((error: Error) => {
        expect(error.message).toContain("another process");
        return null;
      });
      if (second !== null) {
        await second.write(Buffer.from("mine"));
        for (let i = 0; i < 3; i++) await expect(first.write(Buffer.from("late"))).rejects.toThrow("another process");
      } else await first.write(Buffer.from("mine"));
      await first.close();
      await second?.close();
      const third = await open("writer");
      expect(await contents(third)).toEqual(["mine"]);
      await third.close();
    });
  });
}

async function contents(journal: JournalPort): Promise<string[]> {
  const texts: string[] = [];
  for await (const { bytes } of journal.read()) texts.push(Buffer.from(bytes).toString());
  return texts;
}
