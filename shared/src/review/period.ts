// Which period a review is of. Periods follow each other from Monday, 5 January 1970 on, in UTC: a week begins on a Monday.
import type { Period } from "./types.ts";

export const DAY = 86_400_000;
const MONDAY = 4 * DAY;
/** So long after its end everything of a period is known: segments are on their way to the index. */
const SETTLED = 3_600_000;

/** The last whole period. */
export function lastPeriod(everyDays: number, at: number): Period {
  const length = everyDays * DAY;
  const until = MONDAY + Math.floor((at - SETTLED - MONDAY) / length) * length;
  return { from: until - length, until };
}

/** `20261123-7d`: when it ended, and how long it was. Ids sort by the end. */
export function reviewId({ from, until }: Period): string {
  const [date = "", time = ""] = new Date(until).toISOString().slice(0, 19).replace(/[-:]/g, "").split("T");
  return `${date}${time === "000000" ? "" : `t${time}`}-${(until - from) / DAY}d`;
}
