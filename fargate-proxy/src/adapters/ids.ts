// Ids with the system's randomness.
import { randomBytes } from "node:crypto";
import { newId as idOf } from "#shared/ids.ts";

/** @param now milliseconds since the epoch */
export function newId(now: number): string {
  return idOf(now, randomBytes(16));
}
