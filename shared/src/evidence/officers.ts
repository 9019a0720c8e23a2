// Who may open what is sealed, or destroy its key: two people, one who asks and one who agrees. The gateway records it before it is done.
import { samePerson } from "../approval/quorum.ts";
import type { Approver } from "../approval/types.ts";
import type { Officers } from "../policy/approvals-file.ts";

export type OfficerPerson = Pick<Approver, "name" | "issuer" | "subject" | "email">;

export interface OfficerWord {
  readonly by: OfficerPerson;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Something that takes two officers. */
export interface OfficerRequest {
  readonly id: string;
  readonly what: "open" | "shred";
  readonly session: string;
  readonly target: string;
  readonly asked: OfficerWord;
  readonly agreed: OfficerWord | null;
  /** Until then it may be agreed to; once it was, so long may it be done. */
  readonly until: number;
}

export type OfficerRefusal =
  | "not-offered"
  | "not-a-person"
  | "not-an-officer"
  | "no-reason"
  | "the-same-person"
  | "too-late"
  | "agreed-already";

const MINUTE = 60_000;

function wordOf(rules: Officers | null, by: Approver, reason: string, at: number): OfficerWord | OfficerRefusal {
  if (rules === null) return "not-offered";
  if (by.kind !== "person") return "not-a-person";
  if (!rules.groups.some((group) => by.groups.includes(group))) return "not-an-officer";
  if (reason.trim() === "") return "no-reason";
  const { name, issuer, subject, email } = by;
  return { by: { name, issuer, subject, ...(email === undefined ? {} : { email }) }, reason, at };
}

export type OfficerWish = Pick<OfficerRequest, "id" | "what" | "session" | "target">;

export function askOfficers(
  rules: Officers | null,
  wish: OfficerWish,
  by: Approver,
  reason: string,
  at: number,
): OfficerRequest | OfficerRefusal {
  const asked = wordOf(rules, by, reason, at);
  if (typeof asked === "string" || rules === null) return asked as OfficerRefusal;
  return { ...wish, asked, agreed: null, until: at + rules.validMinutes * MINUTE };
}

export function agreeTo(
  rules: Officers | null,
  request: OfficerRequest,
  by: Approver,
  reason: string,
  at: number,
): OfficerRequest | OfficerRefusal {
  const agreed = wordOf(rules, by, reason, at);
  if (typeof agreed === "string" || rules === null) return agreed as OfficerRefusal;
  if (request.agreed !== null) return "agreed-already";
  if (at > request.until) return "too-late";
  if (samePerson(agreed.by, request.asked.by)) return "the-same-person";
  return { ...request, agreed, until: at + rules.validMinutes * MINUTE };
}
