// Is everything held against change for as long as was promised? Asked of a store that has locks (S3 Object Lock); whoever can shorten or take off a
// lock can take evidence away later, though today every byte is right.
import { parseKey } from "./segment.ts";
import { BadEvidence, type LockCheck, type ObjectLock } from "./verify-types.ts";

/** Objects that are asked for at the same time. */
const AT_ONCE = 32;
const DAY = 86_400_000;

/** @returns how many there were. @throws BadEvidence of the first, in this order, that is not held as promised */
export async function verifyLocks(keys: readonly string[], check: LockCheck): Promise<number> {
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    const some = keys.slice(from, from + AT_ONCE);
    const locks = await Promise.all(some.map((key) => check.lock(key)));
    for (const [i, key] of some.entries()) {
      const what = complaint(key, locks[i] ?? null, check.days);
      if (what !== null) throw new BadEvidence({ key, ...sessionOf(key), what });
    }
    check.progress?.(from + some.length, keys.length);
  }
  return keys.length;
}

function complaint(key: string, lock: ObjectLock | null, days: number): string | null {
  if (lock === null) return "the object is missing";
  const { mode, until, written } = lock;
  if (mode === null || until === null) return "lock missing: nothing keeps the object from being deleted";
  if (mode !== "COMPLIANCE") return `the lock is ${mode}, not COMPLIANCE: whoever has the permission can take it off`;
  const name = parseKey(key);
  // The lock's date is by the writer's clock, the other by the store's: a day is more than they are apart.
  const promised = name === null ? written + (days - 1) * DAY : Date.parse(name.date) + days * DAY;
  if (until >= promised) return null;
  return `the lock is shorter than promised: it ends at ${iso(until)}, and ${iso(promised)} is the earliest`;
}

function sessionOf(key: string): { readonly session?: string } {
  const name = parseKey(key);
  return name === null ? {} : { session: name.session };
}

function iso(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
