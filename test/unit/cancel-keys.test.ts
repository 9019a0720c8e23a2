// Keys of several gateways: each is known where it was given, says to gateways alone which one that is, and can be guessed no more easily for it.
import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { CancelRoutes } from "#proxy/ports/fleet.ts";
import { CancelKeys } from "#proxy/protocols/postgres/cancel.ts";

const PID = 4711;
const NONE = async () => {};

function gateways(count: number) {
  const handed: string[] = [];
  const all = Array.from({ length: count }, (_, number): CancelKeys => {
    const routes: CancelRoutes = {
      number,
      veil: (bytes) => createHmac("sha256", "common").update(bytes).digest()[0] as number,
      async forward(to, request) {
        handed.push(`${number}>${to}`);
        await all[to]?.handed(request);
      },
    };
    return new CancelKeys(randomBytes, routes);
  });
  return { all, handed };
}

describe.each([
  { minor: 0, bytes: 4 },
  { minor: 2, bytes: 32 },
])("keys of $bytes bytes", ({ minor, bytes }) => {
  test("reach the session from every gateway, in one step, and no longer than it lives", async () => {
    const { all, handed } = gateways(3);
    let cancelled = 0;
    const given = all.map((keys) => keys.issue(PID, minor, async () => void cancelled++));
    for (const { key } of given) expect(key.length).toBe(bytes);
    for (const [from, keys] of all.entries())
      for (const [to, { pid, key }] of given.entries())
        expect(await keys.request(pid, key)).toBe(from === to ? "sent" : "forwarded");
    expect(cancelled).toBe(9);
    expect(handed.sort()).toEqual(["0>1", "0>2", "1>0", "1>2", "2>0", "2>1"]);
    for (const one of given) one.release();
    expect(await all[0]?.request(PID, given[1]?.key as Buffer)).toBe("forwarded");
    expect(await all[1]?.request(PID, given[1]?.key as Buffer)).toBe("unknown");
    expect(cancelled).toBe(9);
  });

  test("are not found with a bit, or the process id, changed", async () => {
    const { all } = gateways(2);
    let cancelled = 0;
    const { key } = (all[1] as CancelKeys).issue(PID, minor, async () => void cancelled++);
    const wrong = Array.from({ length: bytes * 8 }, (_, bit) => {
      const copy = Buffer.from(key);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      return copy;
    });
    await Promise.all(wrong.flatMap((one) => all.map((keys) => keys.request(PID, one))));
    await Promise.all(all.map((keys) => keys.request(PID + 1, key)));
    expect(cancelled).toBe(0);
  });

  test("have a first byte of which all values come, whichever gateway gave them", () => {
    const { all } = gateways(2);
    for (const keys of all) {
      const seen = new Set<number>();
      for (let i = 0; i < 4000; i++) seen.add(keys.issue(i, minor, NONE).key[0] as number);
      expect(seen.size).toBe(256);
    }
  });
});

test("what cannot be a key goes to nobody, and takes as long as what does", async () => {
  const { all, handed } = gateways(256);
  for (const length of [5, 31, 33, 256]) {
    const started = performance.now();
    expect(await all[0]?.request(PID, randomBytes(length))).toBe("unknown");
    // A timer may be a millisecond early.
    expect(performance.now() - started).toBeGreaterThan(90);
  }
  expect(handed).toEqual([]);
  expect(await all[0]?.handed(randomBytes(7))).toBe("unknown");
  expect(await all[0]?.handed(Buffer.alloc(0))).toBe("unknown");
});
