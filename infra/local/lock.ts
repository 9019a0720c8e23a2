// One home at a time on a state directory. The lock is the operating system's, held through SQLite: it ends with the process that holds
// it, however that ends.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The file in the state directory. */
export const LOCK = "lock.db";

/** @returns what gives the lock up; null when another process has it */
export function takeLock(root: string): (() => void) | null {
  const db = new DatabaseSync(join(root, LOCK));
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return () => db.close();
  } catch (error) {
    db.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    throw error;
  }
}

const SQLITE_BUSY = 5;
