// Before an object is stored, the journal announces it with its hash: so that after a crash it can be told from one that others put there.
import type { ObjectRecord } from "./segment.ts";

const START = '{"seal":';

/** The announcement, as a line of the journal. */
export function announcement(record: ObjectRecord): string {
  return `${START}${JSON.stringify(record)}}`;
}

/** @returns null when the line announces nothing */
export function readAnnouncement(line: string): ObjectRecord | null {
  return line.startsWith(START) ? (JSON.parse(line) as { seal: ObjectRecord }).seal : null;
}
