// Whatever ran although policy holds it: is it what was asked for, did distinct people agree, none of them the asker, and in time?
import { count, isRequester, samePerson } from "../approval/quorum.ts";
import type { ApprovalChange, Approver } from "../approval/types.ts";
import type { ApprovalUse } from "./event.ts";
import type { EvidenceLine } from "./line-read.ts";
import { SPARE_MS, StandingLog } from "./verify-standing.ts";
import { BadEvidence, type BadPlace } from "./verify-types.ts";

type Place = Omit<BadPlace, "what">;

interface Seen<T> {
  readonly of: T;
  readonly line: EvidenceLine;
  readonly place: Place;
}

export class ApprovalWalk {
  /** Statements that policy holds, by session and number. */
  readonly #held = new Set<string>();
  /** Digests that were asked for, by request. */
  readonly #asked = new Map<string, Set<string>>();
  readonly #changes = new Map<string, ApprovalChange[]>();
  readonly #standing = new StandingLog();
  readonly #uses: Seen<ApprovalUse>[] = [];

  /** How many commands ran by an approval. */
  get runs(): number {
    return this.#uses.length;
  }

  saw(line: EvidenceLine, place: Place): void {
    const { event, session, seq } = line;
    this.#standing.saw(line);
    if (event.type === "statement" && event.decision.outcome === "hold") this.#held.add(`${session} ${seq}`);
    else if (event.type === "approval.requested")
      this.#asked.set(event.id, (this.#asked.get(event.id) ?? new Set()).add(event.digest));
    else if (event.type === "approval.changed")
      this.#changes.set(event.id, [...(this.#changes.get(event.id) ?? []), event.change]);
    else if (event.type === "execute") this.#ran(line, place);
    else if (event.type === "images" && event.approval !== undefined)
      this.#uses.push({ of: event.approval, line, place });
  }

  #ran(line: EvidenceLine, place: Place): void {
    const { event, session } = line;
    if (event.type !== "execute") return;
    const { approval, phase, ref, continues } = event;
    if (approval === undefined) {
      if (phase !== "prepare" && this.#held.has(`${session} ${ref}`))
        throw bad(place, `event ${ref} is held by policy, and runs here without an approval`);
    } else if (continues !== true) this.#uses.push({ of: approval, line, place });
    else if (!this.#uses.some((use) => use.of.id === approval.id && use.line.session === session))
      throw bad(place, `it goes on with request ${approval.id}, which has let nothing run in this session`);
  }

  /**
   * @param whole all sessions were read: what is missing is missing
   * @returns what could not be checked
   * @throws BadEvidence
   */
  check(whole: boolean): string[] {
    const used = new Set<string>();
    const notes: string[] = [];
    for (const use of this.#uses) {
      const { id } = use.of;
      if (used.has(id)) throw bad(use.place, `request ${id} has let a command run before`);
      used.add(id);
      checkTimes(use);
      checkPeople(use);
      const trouble = this.#standing.trouble(use.of, use.line, whole);
      if (trouble !== null && "bad" in trouble) throw bad(use.place, trouble.bad);
      if (trouble !== null) notes.push(trouble.note);
      const asked = this.#asked.get(id);
      if (asked === undefined && whole) throw bad(use.place, `nobody asked for the approval ${id}`);
      if (asked === undefined) notes.push(`request ${id} was made in a session that was not read`);
      else if (asked.size !== 1 || !asked.has(use.of.digest))
        throw bad(use.place, `what ran is not what request ${id} asks for: its digest is another`);
      this.#checkLog(use, notes);
    }
    return notes;
  }

  /** What the gateway's own log says of the request. It may be behind, and be in a session that was not read. */
  #checkLog({ of: use, place }: Seen<ApprovalUse>, notes: string[]): void {
    const changes = this.#changes.get(use.id) ?? [];
    const over = changes.find((c) => c.type === "denied" || c.type === "expired" || c.type === "cancelled");
    if (over !== undefined) throw bad(place, `request ${use.id} was ${over.type}`);
    const answered = changes.flatMap((c) => (c.type === "answered" ? [c.answer.by] : []));
    const unknown = use.answers.filter((answer) => !answered.some((by) => samePerson(by, answer)));
    if (unknown.length > 0 && answered.length > 0)
      throw bad(place, `the log of request ${use.id} does not know an answer by ${unknown[0]?.name}`);
    if (changes.length === 0)
      notes.push(`the log of request ${use.id} was not read: its answers are those that its run names`);
  }
}

function checkTimes({ of: use, line, place }: Seen<ApprovalUse>): void {
  if (line.time > use.validUntil + SPARE_MS) throw bad(place, `the approval ${use.id} had expired`);
  const later = [use.approvedAt, ...use.answers.map((a) => a.at)].some((at) => at > line.time + SPARE_MS);
  if (later) throw bad(place, `request ${use.id} was approved after it ran`);
}

function checkPeople({ of: use, line, place }: Seen<ApprovalUse>): void {
  const requester = { kind: "person", ...use.requester } as const;
  if (line.user !== use.requester.name) throw bad(place, `request ${use.id} was made by ${use.requester.name}`);
  const people = use.answers.map((answer): Approver => ({ kind: "person", ...answer }));
  if (use.answers.some((answer) => answer.decision !== "approve")) throw bad(place, `request ${use.id} was denied`);
  if (people.some((by) => isRequester(by, requester)))
    throw bad(place, `request ${use.id} was approved by whoever made it`);
  if (people.some((by, i) => people.slice(0, i).some((earlier) => samePerson(by, earlier))))
    throw bad(place, `request ${use.id} was approved twice by the same person`);
  if (use.through !== undefined) return;
  const needs = use.needed.map(({ group, quorum }) => ({
    group,
    rules: { quorum, channels: [], timeoutMinutes: 1 },
    from: [group, ...use.escalated.flatMap((e) => (e.group === group ? [e.to] : []))],
  }));
  const { lacking } = count(needs, people);
  if (needs.length === 0 || needs.some((n) => n.rules.quorum < 1) || lacking.length > 0)
    throw bad(place, `request ${use.id} lacks the approval of ${lacking.join(" and ") || "anybody"}`);
}

function bad(place: Place, what: string): BadEvidence {
  return new BadEvidence({ ...place, what });
}
