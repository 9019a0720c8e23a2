// What keeps reviews: beside requests for approval, by the same rules (approval/store.ts).
import type { ReviewState } from "./types.ts";

export interface ReviewStore {
  /** Keeps a new review. @returns false when there is one of this id, which stays as it is */
  createReview(state: ReviewState): Promise<boolean>;
  getReview(id: string): Promise<ReviewState | null>;
  /** @param known length of the history that `state` was made from. @returns false when it is not that any more */
  replaceReview(state: ReviewState, known: number): Promise<boolean>;
  /** Those that nobody has attested, oldest first. */
  unattested(): Promise<readonly ReviewState[]>;
  /** The last ones, newest first. */
  latestReviews(limit: number): Promise<readonly ReviewState[]>;
}
