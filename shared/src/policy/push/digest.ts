// What people agree to when they agree to a push, and nothing else: whoever has the evidence can make it again.
import { canonical } from "../../evidence/canonical.ts";
import type { Push } from "./types.ts";

export interface Agreed extends Pick<Push, "version" | "previous" | "from" | "reason"> {
  /** Name of who proposes it. */
  readonly by: string;
}

/** Hex SHA-256. @param sha256 hex of the UTF-8 of a text */
export function pushDigest({ version, previous, from, reason, by }: Agreed, sha256: (text: string) => string): string {
  return sha256(canonical({ policy: version, previous, from, reason, by }));
}
