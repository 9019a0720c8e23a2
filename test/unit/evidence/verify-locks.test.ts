// Locks of objects, held against what was promised: the day of the session and the retention, or when the object was written.
import { describe, expect, test } from "vitest";
import { verifyLocks } from "#shared/evidence/verify-locks.ts";
import type { ObjectLock } from "#shared/evidence/verify-types.ts";

const DAY = 86_400_000;
const WRITTEN = Date.UTC(2026, 10, 20, 23, 59);
const DAYS = 10;
const keyOf = (n: number) => {
  const range = String(n).padStart(10, "0");
  return `events/v1/date=2026-11-20/target=clinic/01ABC/${range}-${range}.ndjson.zst`;
};
const held = (until: number, mode: string | null = "COMPLIANCE"): ObjectLock => ({ mode, until, written: WRITTEN });
const check = (locks: Readonly<Record<string, ObjectLock | null>>) =>
  verifyLocks(Object.keys(locks), { days: DAYS, lock: (key) => Promise.resolve(locks[key] ?? null) });

describe("a lock", () => {
  const midnight = Date.UTC(2026, 10, 30);

  test("is counted from the day on which the session began", async () => {
    await expect(check({ [keyOf(1)]: held(midnight) })).resolves.toBe(1);
    await expect(check({ [keyOf(1)]: held(midnight - 1000) })).rejects.toThrow("shorter than promised");
  });

  test("of the ledger is counted from when it was written, but for a day", async () => {
    await expect(check({ "ledger/checkpoint": held(WRITTEN + 9 * DAY) })).resolves.toBe(1);
    await expect(check({ "ledger/checkpoint": held(WRITTEN + 9 * DAY - 1000) })).rejects.toThrow("shorter");
  });

  test.each([
    [null, "the object is missing"],
    [{ mode: null, until: null, written: WRITTEN }, "lock missing"],
    [{ mode: "COMPLIANCE", until: null, written: WRITTEN }, "lock missing"],
    [held(midnight + DAY, "GOVERNANCE"), "the lock is GOVERNANCE, not COMPLIANCE"],
  ])("%j is not enough", async (lock, what) => {
    await expect(check({ [keyOf(1)]: lock })).rejects.toThrow(what);
  });

  test("is asked for of a few objects at a time; the first bad one in order is named, and none behind it is asked for", async () => {
    let now = 0;
    let most = 0;
    const asked: string[] = [];
    const steps: number[] = [];
    const keys = Array.from({ length: 200 }, (_, i) => keyOf(i + 1));
    const lock = async (key: string) => {
      asked.push(key);
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, key.length % 3));
      now -= 1;
      return held(keys.indexOf(key) === 100 || keys.indexOf(key) === 120 ? 0 : midnight);
    };
    const failed = verifyLocks(keys, { days: DAYS, lock, progress: (done) => steps.push(done) });
    await expect(failed).rejects.toMatchObject({ place: { key: keys[100], session: "01ABC" } });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(32);
    expect(asked.length).toBeLessThan(200);
    expect(steps).toEqual([32, 64, 96]);
  });
});
