// Whose records a result showed in clear, as an event. Subjects are keyed HMACs (disclosure/subject.ts): no key and no value is in it.
import type { Seen } from "../disclosure/types.ts";
import type { DisclosureEvent, EvidenceEvent } from "./event.ts";

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

/** Subjects that an event is about: what an index has to find it by. */
export function subjectsOf(event: EvidenceEvent): readonly string[] {
  return event.type === "disclosure" ? event.subjects : [];
}
