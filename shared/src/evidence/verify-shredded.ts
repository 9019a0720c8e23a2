// Sealed lanes whose key was destroyed: what is left of them is verified like all else, and what was in them nobody can read. Whatever is done with
// what is sealed, two people agreed to it.
import { samePerson } from "../approval/quorum.ts";
import type { EvidenceLine } from "./line-read.ts";
import { BadEvidence, type BadPlace } from "./verify-types.ts";

const NAMED = 5;

export class Shredding {
  readonly #sealed: string[] = [];
  /** Sessions of which an event says that two officers agreed to it. */
  readonly #agreed = new Set<string>();

  sawLane(session: string): void {
    this.#sealed.push(session);
  }

  /** @throws BadEvidence */
  saw({ event }: EvidenceLine, place: Omit<BadPlace, "what">): void {
    if (event.type !== "sealed.shredded" && event.type !== "sealed.opened") return;
    if (samePerson(event.asked.by, event.agreed.by))
      throw new BadEvidence({ ...place, what: `request ${event.id} of officers was agreed to by whoever made it` });
    if (event.type === "sealed.shredded") this.#agreed.add(event.of);
  }

  /** @param all every event was seen: then what nobody agreed to can be told */
  async notes(hasKey: (session: string) => Promise<boolean>, all: boolean): Promise<string[]> {
    const gone: string[] = [];
    for (const session of this.#sealed) if (!(await hasKey(session))) gone.push(session);
    const unexplained = all ? gone.filter((session) => !this.#agreed.has(session)) : [];
    const kept = all
      ? [...this.#agreed].filter((session) => this.#sealed.includes(session) && !gone.includes(session))
      : [];
    return [
      ...line(gone, "shredded: their keys are gone, and what they have sealed cannot be read"),
      ...line(unexplained, "shredded, and no event says who agreed to it"),
      ...line(kept, "to be shredded by what two officers agreed on, and their keys are still there"),
    ];
  }
}

function line(sessions: readonly string[], what: string): string[] {
  if (sessions.length === 0) return [];
  const names = sessions.slice(0, NAMED).join(", ");
  return [`${sessions.length} sessions are ${what} (${names}${sessions.length > NAMED ? " ..." : ""})`];
}
