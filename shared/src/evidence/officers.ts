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

export const OFFICER_REFUSALS: Readonly<Record<OfficerRefusal, string>> = {
  "not-offered": "approvals.yaml names no officers",
  "not-a-person": "only a person can do this",
  "not-an-officer": "you are none of the officers that approvals.yaml names",
  "no-reason": "this needs a --reason",
  "the-same-person": "whoever asked cannot agree",
  "too-late": "the request has run out: ask again",
  "agreed-already": "somebody has agreed already",
};

/** What keeps requests on AWS. */
export interface OfficerStore {
  /** @throws when there is one of this id */
  enter(request: OfficerRequest): Promise<void>;
  get(id: string): Promise<OfficerRequest | null>;
  /** @returns false when somebody else has agreed meanwhile */
  agree(request: OfficerRequest): Promise<boolean>;
  /** Newest first. */
  latest(limit: number): Promise<readonly OfficerRequest[]>;
}

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

/** What a data key that is handed over to an officer is bound to. */
export function handedOver({ id }: OfficerRequest): string {
  return `postern data key handed over v1\n${id}`;
}
