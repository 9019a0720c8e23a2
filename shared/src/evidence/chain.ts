// The hash chain of one session: every line names the hash of the line before, byte for byte as it was written.
import type { Sha256 } from "./digest.ts";

/** What the first line names as the one before: a hash of the session's id, so that lines cannot move to another session. */
export function genesis(session: string, sha256: Sha256): string {
  return sha256.text(`postern evidence v1\n${session}`, "base64url");
}

/** What the next line names as the one before. @param line without its newline */
export function link(line: Uint8Array | string, sha256: Sha256): string {
  return sha256.text(line, "base64url");
}

/** Where a chain of lines has come to. */
export interface ChainState {
  readonly seq: number;
  /** What the next line must name as `prev`. */
  readonly prev: string;
}

export function chainStart(session: string, sha256: Sha256): ChainState {
  return { seq: 0, prev: genesis(session, sha256) };
}
