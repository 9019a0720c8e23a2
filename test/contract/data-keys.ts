// What every maker, opener and keeper of the sealed lane's keys has to keep to.
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { DataKeyOpener, DataKeys, WrappedKeys } from "#shared/evidence/data-keys.ts";

const CONTEXT = { session: "01A", target: "clinic" };

export function dataKeysContract(
  name: string,
  open: () => Promise<{ readonly keys: DataKeys; readonly opener: DataKeyOpener }>,
): void {
  describe(`data keys: ${name}`, () => {
    it("are wrapped such that they open for their session and target, and for nothing else", async () => {
      const { keys, opener } = await open();
      const { key, wrapped } = await keys.generate(CONTEXT);
      expect(key).toHaveLength(32);
      expect(Buffer.from(wrapped).includes(Buffer.from(key))).toBe(false);
      expect(Buffer.from(await opener.open(wrapped, CONTEXT))).toEqual(Buffer.from(key));
      for (const other of [
        { ...CONTEXT, session: "01B" },
        { ...CONTEXT, target: "billing" },
      ])
        await expect(opener.open(wrapped, other)).rejects.toThrow();
      const broken = Uint8Array.from(wrapped, (byte, i) => (i === wrapped.length - 1 ? byte ^ 1 : byte));
      // A stand-in for KMS does not notice; what it gives opens nothing.
      const opened = await opener.open(broken, CONTEXT).catch(() => new Uint8Array(32));
      expect(Buffer.from(opened)).not.toEqual(Buffer.from(key));
    });

    it("are others each time", async () => {
      const { keys } = await open();
      const made = await Promise.all([1, 2, 3].map(() => keys.generate(CONTEXT)));
      expect(new Set(made.map(({ key }) => Buffer.from(key).toString("hex"))).size).toBe(3);
    });
  });
}

export function wrappedKeysContract(name: string, open: () => WrappedKeys): void {
  describe(`wrapped keys: ${name}`, () => {
    it("are kept by session, once, until they are destroyed", async () => {
      const kept = open();
      const wrapped = randomBytes(184);
      expect(await kept.get("01A")).toBeNull();
      await kept.put("01A", wrapped);
      await kept.put("01A", wrapped);
      await expect(kept.put("01A", randomBytes(184))).rejects.toThrow();
      expect(Buffer.from((await kept.get("01A")) ?? [])).toEqual(wrapped);
      await kept.put("01B", randomBytes(184));
      await kept.destroy("01A");
      await kept.destroy("01A");
      expect(await kept.get("01A")).toBeNull();
      expect(await kept.get("01B")).not.toBeNull();
    });
  });
}
