// Each policy that came into force by a push: is it what others agreed to, as the policy before says, in time? And is every version that decisions name one
// that was in force by then?
import { count, samePerson } from "../approval/quorum.ts";
import { rulesFor } from "../approval/rules.ts";
import type { ApprovalChange, ApprovalRules, Approver, GroupRules } from "../approval/types.ts";
import { readApprovals } from "../policy/approvals-file.ts";
import { pushDigest } from "../policy/push/digest.ts";
import type { Sha256 } from "./digest.ts";
import type { EvidenceEvent } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";
import { SPARE_MS } from "./verify-standing.ts";
import { BadEvidence, type BadPlace } from "./verify-types.ts";

type Place = Omit<BadPlace, "what">;
type Entered = EvidenceEvent & { readonly type: "policy.in_force" };
type Pushed = NonNullable<Entered["push"]>;
type Approved = ApprovalChange & { readonly type: "approved" };

interface Log {
  readonly requester: string;
  readonly digest: string;
  readonly changes: ApprovalChange[];
}

interface Seen {
  readonly time: number;
  readonly place: Place;
}

export class PolicyWalk {
  readonly #sha256: Sha256;
  readonly #entered: (Seen & { readonly event: Entered })[] = [];
  /** By version: who has to agree to another, as it says itself; null when it names nobody. */
  readonly #rules = new Map<string, ApprovalRules | null>();
  /** By version: the first decision that names it. */
  readonly #decided = new Map<string, Seen>();
  readonly #logs = new Map<string, Log>();
  #latest = 0;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  saw({ event, time }: EvidenceLine, place: Place): void {
    this.#latest = Math.max(this.#latest, time);
    if (event.type === "statement") {
      const { version } = event.decision;
      if (time < (this.#decided.get(version)?.time ?? Number.POSITIVE_INFINITY))
        this.#decided.set(version, { time, place });
    } else if (event.type === "policy.in_force") {
      this.#entered.push({ event, time, place });
      if (event.files !== undefined) this.#rules.set(event.version, rulesIn(event.files["approvals.yaml"]));
    } else if (event.type === "approval.changed") {
      const { id, requester, digest, change } = event;
      const log = this.#logs.get(id) ?? { requester, digest, changes: [] };
      log.changes.push(change);
      this.#logs.set(id, log);
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
      const bad = (what: string) => new BadEvidence({ ...place, what });
      const log = this.#logs.get(push.id);
      const late = whole && this.#latest - time > SPARE_MS;
      const approved = log?.changes.some((change) => change.type === "approved") === true;
      if (log !== undefined && (approved || late)) {
        const wrong = this.#problem(version, push, log, time, notes);
        if (wrong !== null) throw bad(`policy ${short(version)} came into force, and ${wrong}`);
      } else if (late) throw bad(`nobody asked for policy ${short(version)}: request ${push.id} is not in the log`);
      else notes.add(`the log of request ${push.id}, by which a policy came into force, was not read`);
    }
    for (const [version, seen] of whole ? this.#decided : []) {
      const times = this.#entered.flatMap(({ event, time }) => (event.version === version ? [time] : []));
      if (times.length === 0)
        notes.add(`decisions name policy ${short(version)}, and no event says that it was in force`);
      else if (Math.min(...times) > seen.time + SPARE_MS)
        throw new BadEvidence({
          ...seen.place,
          what: `policy ${short(version)} decides here, and came into force later`,
        });
    }
    return [...notes];
  }

  /** @param notes takes what could not be checked */
  #problem(version: string, push: Pushed, log: Log, time: number, notes: Set<string>): string | null {
    const { digest, changes } = log;
    const approved = changes.find((change) => change.type === "approved");
    if (approved === undefined) return `request ${push.id} was not approved`;
    if (changes.some(({ type }) => type === "denied" || type === "cancelled" || type === "expired"))
      return `request ${push.id} was not left standing`;
    if (pushDigest({ ...push, version }, (text) => this.#sha256.text(text, "hex")) !== digest)
      return `is not what request ${push.id} asks for`;
    const agreed = changes.flatMap((c) =>
      c.type === "answered" && c.answer.decision === "approve" ? [c.answer.by] : [],
    );
    const lacking = this.#lacking(push.previous, agreed, changes);
    if (lacking === null) notes.add(`who had to agree to policy ${short(version)} is in no file that was read`);
    else if (lacking !== "") return `request ${push.id} lacks the approval of ${lacking}`;
    return peopleProblem(push, log, agreed, approved) ?? timesProblem(push, approved, time);
  }

  /** Groups of which, by the policy before, too few agreed: empty when none is lacking, null when that policy is not known. */
  #lacking(previous: string, agreed: readonly Approver[], changes: readonly ApprovalChange[]): string | null {
    const rules = this.#rules.get(previous);
    if (rules === undefined) return null;
    if (rules === null) return "anybody: the policy before names nobody who could agree";
    const needs = rules.needed.map((group) => {
      const standIns = changes.flatMap((c) => (c.type === "escalated" && c.group === group ? [c.to] : []));
      return { group, rules: rules.groups[group] as GroupRules, from: [group, ...standIns] };
    });
    return count(needs, agreed).lacking.join(" and ");
  }
}

function peopleProblem(
  push: Pushed,
  { requester }: Log,
  agreed: readonly Approver[],
  { counted }: Approved,
): string | null {
  const names = counted.map(({ name }) => name);
  if (names.length === 0 || names.some((name) => !agreed.some((by) => by.name === name)))
    return "somebody is counted who did not agree";
  // The log has no more of them than the name.
  const author = { name: requester, issuer: "", subject: "" };
  if (push.by !== requester || agreed.some((by) => samePerson(by, author)))
    return `request ${push.id} was agreed to by whoever made it`;
  if (agreed.some((by, i) => by.kind !== "person" || agreed.slice(0, i).some((earlier) => samePerson(by, earlier))))
    return `request ${push.id} was agreed to by one person twice, or by none`;
  return push.approvedBy.some((name) => !names.includes(name)) ? "it names others than those who agreed" : null;
}

/** @param time of the event: later than since when it is in force, where a gateway was started */
function timesProblem({ id, since, from }: Pushed, approved: Approved, time: number): string | null {
  if (since > time + SPARE_MS || approved.at > since + SPARE_MS) return `request ${id} was approved later`;
  if (since > approved.validUntil + SPARE_MS) return `the approval of request ${id} had expired`;
  return from > since + SPARE_MS ? "its time had not come" : null;
}

/** Whom a policy names to agree to another; null when it names nobody. */
function rulesIn(text: string | undefined): ApprovalRules | null {
  if (text === undefined) return null;
  const { value, problems } = readApprovals(text);
  const groups = value?.policyChange?.groups;
  return groups === undefined || problems.length > 0 ? null : rulesFor(value, groups);
}

const short = (version: string) => version.slice(0, 12);
