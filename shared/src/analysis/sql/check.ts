// The safety net: whatever in the tree can bring in data or run code must have been looked at.
import type { Collector } from "./collect.ts";
import { walkTelling } from "./tree.ts";

/** Notes a gap for each telling node below `root` that no part of the analysis has looked at. */
export function checkSeen(out: Collector, root: unknown): void {
  walkTelling(root, (tag, body) => {
    if (!out.seen.has(body)) out.gap("not-analysed", tag);
  });
}

/** Marks all below `root` as looked at: it is not run by this statement. */
export function markSeen(out: Collector, root: unknown): void {
  walkTelling(root, (_tag, body) => out.seen.add(body));
}
