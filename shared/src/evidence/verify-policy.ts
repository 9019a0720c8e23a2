// Each policy that came into force by a push: did others agree to it, in time? And is every version that decisions name one that was in force?
import type { ApprovalChange } from "../approval/types.ts";
import type { EvidenceEvent } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";
import { SPARE_MS } from "./verify-standing.ts";
import { BadEvidence, type BadPlace } from "./verify-types.ts";

type Place = Omit<BadPlace, "what">;
type Entered = EvidenceEvent & { readonly type: "policy.in_force" };

interface Log {
  readonly requester: string;
  readonly changes: ApprovalChange[];
}

export class PolicyWalk {
  readonly #entered: { readonly event: Entered; readonly time: number; readonly place: Place }[] = [];
  readonly #decided = new Set<string>();
  readonly #logs = new Map<string, Log>();
  #latest = 0;

  saw({ event, time }: EvidenceLine, place: Place): void {
    this.#latest = Math.max(this.#latest, time);
    if (event.type === "statement") this.#decided.add(event.decision.version);
    else if (event.type === "policy.in_force") this.#entered.push({ event, time, place });
    else if (event.type === "approval.changed") {
      const log = this.#logs.get(event.id) ?? { requester: event.requester, changes: [] };
      log.changes.push(event.change);
      this.#logs.set(event.id, log);
    }
  }

  /**
   * @param whole all sessions were read: what is missing is missing, but for what the log may be behind
   * @returns what could not be checked
   * @throws BadEvidence
   */
  check(whole: boolean): string[] {
    const notes = new Set<string>();
    for (const { event, time, place } of this.#entered) {
      const { push, version } = event;
      if (push === undefined) continue;
      const log = this.#logs.get(push.id);
      if (log !== undefined) {
        const wrong = problem(push, log, time);
        if (wrong !== null)
          throw new BadEvidence({ ...place, what: `policy ${short(version)} came into force, and ${wrong}` });
      } else if (whole && this.#latest - time > SPARE_MS)
        throw new BadEvidence({
          ...place,
          what: `nobody asked for policy ${short(version)}: request ${push.id} is not in the log`,
        });
      else notes.add(`the log of request ${push.id}, by which a policy came into force, was not read`);
    }
    const known = new Set(this.#entered.map(({ event }) => event.version));
    for (const version of whole ? this.#decided : [])
      if (!known.has(version))
        notes.add(`decisions name policy ${short(version)}, and no event says that it was in force`);
    return [...notes];
  }
}

function problem(push: NonNullable<Entered["push"]>, { requester, changes }: Log, time: number): string | null {
  const approved = changes.find((change) => change.type === "approved");
  if (approved === undefined) return `request ${push.id} was not approved`;
  if (changes.some(({ type }) => type === "denied" || type === "cancelled" || type === "expired"))
    return `request ${push.id} was not left standing`;
  const agreed = changes.flatMap((c) =>
    c.type === "answered" && c.answer.decision === "approve" ? [c.answer.by.name] : [],
  );
  const counted = approved.counted.map(({ name }) => name);
  if (counted.length === 0 || counted.some((name) => !agreed.includes(name)))
    return "somebody is counted who did not agree";
  if (agreed.includes(requester) || push.by !== requester) return `request ${push.id} was agreed to by whoever made it`;
  if (push.approvedBy.some((name) => !counted.includes(name))) return "it names others than those who agreed";
  if (approved.at > time + SPARE_MS) return `request ${push.id} was approved later`;
  return push.from > time + SPARE_MS ? "its time had not come" : null;
}

const short = (version: string) => version.slice(0, 12);
