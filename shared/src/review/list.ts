// Which reviews are shown.
import type { ReviewStore } from "./store.ts";
import type { ReviewState } from "./types.ts";

/** The last ones, and older ones that nobody has attested; newest first. */
export async function listReviews(store: ReviewStore, limit: number): Promise<readonly ReviewState[]> {
  const [latest, open] = await Promise.all([store.latestReviews(limit), store.unattested()]);
  const ids = new Set(latest.map(({ review }) => review.id));
  return [...latest, ...open.filter(({ review }) => !ids.has(review.id)).toReversed()];
}
