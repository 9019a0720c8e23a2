// Whose records a result showed in clear, as an event. Subjects are keyed HMACs (disclosure/subject.ts): no key and no value is in it.
import type { Seen } from "../disclosure/types.ts";
import type { DisclosureEvent } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";

/** Subjects in one event: as a line about 35 KB. */
const MOST = 1000;

/** Everything that was seen, in events of a bounded size. */
export function disclosureEvents(seen: readonly Seen[], ref: number, keyVersion: number): DisclosureEvent[] {
  return seen.flatMap(({ shown, subjects, untold }) => {
    const { domain, classes, relations } = shown;
    const parts = Math.max(1, Math.ceil(subjects.length / MOST));
    return Array.from({ length: parts }, (_, i): DisclosureEvent => {
      const some = subjects.slice(i * MOST, (i + 1) * MOST);
      const left = i === 0 ? untold : 0;
      return {
        type: "disclosure",
        ref,
        domain,
        classes,
        relations,
        keyVersion,
        subjects: some,
        complete: left === 0,
        untold: left,
      };
    });
  });
}

/** Stands in an index for all people of whom it cannot be told that their records were shown. */
export const UNTOLD = "untold";

/** An index's row: a session showed somebody's record. */
export interface Disclosed {
  /** Hex, or `UNTOLD`. */
  readonly subject: string;
  readonly session: string;
  /** Milliseconds since the epoch, of the first and the last event that says so. */
  readonly first: number;
  readonly last: number;
}

/** What an index has to know of a line. */
export function disclosedIn({ event, session, time }: EvidenceLine): Disclosed[] {
  if (event.type !== "disclosure") return [];
  const subjects = event.complete ? event.subjects : [...event.subjects, UNTOLD];
  return subjects.map((subject) => ({ subject, session, first: time, last: time }));
}
