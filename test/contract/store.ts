// What every store of evidence has to keep to, wherever it keeps its objects.
import { describe, expect, it } from "vitest";
import { KeyExists, type StorePort } from "#shared/evidence/ports.ts";

const KEY = "events/v1/date=2026-11-20/target=clinic/01ABC/0000000001-0000000002.ndjson.zst";

/** @param retires whether what is retired goes; it may stay where objects are locked */
export function storeContract(name: string, open: () => Promise<StorePort>, retires = true): void {
  describe(`store: ${name}`, () => {
    it("gives back what was put, and null for what never was", async () => {
      const store = await open();
      const bytes = Buffer.from([0, 1, 2, 255, 10, 13]);
      await store.put(KEY, bytes);
      expect(Buffer.from((await store.get(KEY)) ?? [])).toEqual(bytes);
      expect(await store.get("events/v1/nothing")).toBeNull();
      expect(await store.get("events/v1")).toBeNull();
    });

    it("writes a key once, even when two write it at the same time", async () => {
      const store = await open();
      const attempts = await Promise.allSettled(["a", "b", "c"].map((text) => store.put(KEY, Buffer.from(text))));
      expect(attempts.filter((a) => a.status === "fulfilled")).toHaveLength(1);
      for (const attempt of attempts)
        if (attempt.status === "rejected") expect(attempt.reason).toBeInstanceOf(KeyExists);
      const winner = ["a", "b", "c"][attempts.findIndex((a) => a.status === "fulfilled")];
      expect(Buffer.from((await store.get(KEY)) ?? []).toString()).toBe(winner);
      await expect(store.put(KEY, Buffer.from("later"))).rejects.toBeInstanceOf(KeyExists);
    });

    it("takes the same bytes again, or says that they are there", async () => {
      const store = await open();
      await store.put(KEY, Buffer.from("same"));
      await store.put(KEY, Buffer.from("same")).catch((error) => expect(error).toBeInstanceOf(KeyExists));
      expect((await all(store, "")).length).toBe(1);
    });

    it("lists more than a page, in any order and each once", async () => {
      const store = await open();
      const keys = Array.from({ length: 1100 }, (_, i) => `events/v1/${String(i).padStart(5, "0")}`);
      for (let i = 0; i < keys.length; i += 50)
        await Promise.all(keys.slice(i, i + 50).map((key) => store.put(key, Buffer.from(key))));
      expect(await all(store, "events/")).toEqual(keys);
    });

    it("lists by prefix, and nothing else", async () => {
      const store = await open();
      await store.put(KEY, Buffer.from("12345"));
      await store.put("ledger/tile/entries/000.p/1", Buffer.from("1"));
      await store.replace("ledger/checkpoint", Buffer.from("12"));
      expect(await all(store, "")).toEqual([KEY, "ledger/checkpoint", "ledger/tile/entries/000.p/1"]);
      expect(await all(store, "events/v1/date=2026-11-2")).toEqual([KEY]);
      expect(await all(store, "ledger/c")).toEqual(["ledger/checkpoint"]);
      expect(await all(store, "recordings/")).toEqual([]);
    });

    it("replaces the one object that may change, and readers see the old bytes or the new", async () => {
      const store = await open();
      const versions = [Buffer.alloc(100_000, "a"), Buffer.alloc(50_000, "b")];
      await store.replace("ledger/checkpoint", versions[0] ?? Buffer.alloc(0));
      const writes = (async () => {
        for (let i = 1; i <= 20; i++) await store.replace("ledger/checkpoint", versions[i % 2] ?? Buffer.alloc(0));
      })();
      for (let i = 0; i < 20; i++) {
        const seen = Buffer.from((await store.get("ledger/checkpoint")) ?? []);
        expect(versions.some((version) => version.equals(seen))).toBe(true);
      }
      await writes;
    });

    it("never loses what is no partial tile of the ledger by retiring it", async () => {
      const store = await open();
      const keys = ["ledger/tile/0/000.p/1", "ledger/tile/0/000", "ledger/tile/entries/x001/000", KEY];
      for (const key of keys) await store.put(key, Buffer.from("1"));
      await store.retire("ledger/tile/0/000.p/1");
      for (const key of [...keys.slice(1), "ledger/checkpoint"])
        if (retires) await expect(store.retire(key), key).rejects.toThrow();
        else await store.retire(key);
      expect(await all(store, "")).toEqual(keys.slice(retires ? 1 : 0).sort());
    });

    it("takes no key that could lead elsewhere", async () => {
      const store = await open();
      for (const key of ["../x", "a/../b", "/etc/passwd", "a//b", "", ".hidden", "a/.b", "a\0b"])
        await expect(Promise.resolve().then(() => store.put(key, Buffer.from("x")))).rejects.toThrow();
    });
  });
}

async function all(store: StorePort, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found.sort();
}
