// Which OCSF class, activity, status and fields an event has. Numbers are those of https://schema.ocsf.io/1.6.0.
import type { StatementKind } from "../facts.ts";
import type { Principal } from "../identity.ts";
import type { EvidenceEvent } from "./event.ts";

const AUTHENTICATION = { category: 3, uid: 3002 };
const DATASTORE = { category: 6, uid: 6005 };
const ACCOUNT_CHANGE = { category: 3, uid: 3001 };
const ENTITY_MANAGEMENT = { category: 3, uid: 3004 };

export const CLASSES: Readonly<Record<EvidenceEvent["type"], { readonly category: number; readonly uid: number }>> = {
  "session.opened": AUTHENTICATION,
  "session.refused": AUTHENTICATION,
  "session.closed": AUTHENTICATION,
  "session.recovered": AUTHENTICATION,
  "credential.renewed": AUTHENTICATION,
  statement: DATASTORE,
  execute: DATASTORE,
  finished: DATASTORE,
  refused: DATASTORE,
  violation: DATASTORE,
  "inspection.failed": DATASTORE,
  side: DATASTORE,
  images: DATASTORE,
  "approval.requested": ENTITY_MANAGEMENT,
  "approval.changed": ENTITY_MANAGEMENT,
  "approval.incident": ENTITY_MANAGEMENT,
  "break-glass.changed": ENTITY_MANAGEMENT,
  "activity-review.changed": ENTITY_MANAGEMENT,
  "policy.in_force": ENTITY_MANAGEMENT,
  "revocation.entered": ACCOUNT_CHANGE,
  disclosure: DATASTORE,
  "sealed.opened": ENTITY_MANAGEMENT,
  "sealed.shredded": ENTITY_MANAGEMENT,
};

/** Datastore Activity: 1 Read, 2 Update, 4 Query, 5 Write, 6 Create, 7 Delete, 99 Other. */
const STATEMENTS: Partial<Record<StatementKind, number>> = {
  select: 4,
  fetch: 4,
  execute: 4,
  declare: 4,
  "copy-out": 1,
  insert: 5,
  merge: 5,
  "copy-in": 5,
  update: 2,
  delete: 7,
  truncate: 7,
  define: 6,
};

export function activityOf(event: EvidenceEvent): number {
  switch (event.type) {
    case "session.opened":
    case "session.refused":
      return 1; // Logon
    case "session.closed":
    case "session.recovered":
      return 2; // Logoff
    case "statement":
      return STATEMENTS[event.facts[0]?.kind ?? "other"] ?? 99;
    case "sealed.opened":
      return 2; // Read
    case "sealed.shredded":
      return 4; // Delete
    case "approval.requested":
      return 1; // Create
    case "approval.changed":
    case "break-glass.changed":
    case "activity-review.changed":
    case "policy.in_force":
      return 3; // Update
    case "approval.incident":
      return 99;
    case "credential.renewed":
      return 99;
    case "revocation.entered":
      return 5; // Disable
    case "violation":
      return 99;
    case "disclosure":
      return 1; // Read
    default:
      return 4;
  }
}

export interface Standing {
  /** 1 informational, 2 low, 3 medium, 4 high */
  readonly severity: number;
  /** 0 unknown, 1 success, 2 failure */
  readonly status: number;
}

const FINE: Standing = { severity: 1, status: 1 };

export function standingOf(event: EvidenceEvent): Standing {
  switch (event.type) {
    case "session.refused":
    case "refused":
    case "inspection.failed":
      return { severity: 3, status: 2 };
    case "violation":
      return { severity: 4, status: 2 };
    case "session.recovered":
      return { severity: 3, status: 0 };
    case "approval.changed":
      return {
        severity: 2,
        status: { denied: 2, expired: 2, cancelled: 2, open: 0, approved: 1, spent: 1 }[event.status],
      };
    case "approval.requested":
      return { severity: 2, status: 0 };
    case "approval.incident":
      return { severity: 3, status: 2 };
    case "sealed.opened":
    case "sealed.shredded":
      return { severity: 4, status: 1 };
    case "break-glass.changed":
      return { severity: 4, status: event.change.type === "overdue" ? 2 : 1 };
    case "activity-review.changed":
      return { severity: 2, status: event.change.type === "overdue" ? 2 : 1 };
    case "statement":
      return { severity: 1, status: { permit: 1, refuse: 2, hold: 0 }[event.decision.outcome] };
    default:
      return FINE;
  }
}

/** The fields that OCSF's class of the event has a name for. */
export function ownFields(event: EvidenceEvent, principal: Principal | null): object {
  switch (event.type) {
    case "session.opened":
      return {
        user: principal === null ? { name: "unknown", type_id: 0 } : userOf(principal),
        src_endpoint: { ip: event.source.address, port: event.source.port },
        auth_protocol_id: 99,
        auth_protocol: event.authentication,
        is_cleartext: event.tls === "none",
        ...(principal?.amr.includes("mfa") ? { is_mfa: true } : {}),
      };
    case "session.refused":
      return {
        user: { name: event.claimed, type_id: 0 },
        src_endpoint: { ip: event.source.address, port: event.source.port },
        status_code: event.code,
        status_detail: event.why,
      };
    case "session.closed":
    case "session.recovered":
      return { user: whoOf(principal), status_detail: event.reason };
    case "statement":
      return { query_info: { query_string: event.text, uid: event.fingerprint }, status_detail: event.decision.why };
    case "refused":
      return { status_code: event.sqlstate, status_detail: event.why };
    case "violation":
      return { status_code: event.code, status_detail: event.why, activity_name: "Protocol violation" };
    case "approval.requested":
    case "approval.changed":
      return { entity: { type: "approval request", uid: event.id } };
    case "break-glass.changed":
      return { entity: { type: "break-glass", uid: event.id }, status_detail: event.reason };
    case "activity-review.changed":
      return { entity: { type: "activity review", uid: event.id } };
    case "approval.incident":
      return { entity: { type: "approval request", uid: event.request ?? "unknown" }, status_detail: event.why };
    case "credential.renewed":
      return { user: whoOf(principal) };
    case "sealed.opened":
    case "sealed.shredded":
      return { entity: { type: "sealed originals", uid: event.of }, status_detail: event.asked.reason };
    case "policy.in_force":
      return { entity: { type: "policy", uid: event.version } };
    case "revocation.entered":
      return { user: { name: event.identity }, status_detail: event.reason };
    default:
      return {};
  }
}

/** The gateway itself, where nobody acts: 3 is System. */
function whoOf(principal: Principal | null): object {
  return principal === null ? { name: "postern", type_id: 3 } : { name: principal.name };
}

function userOf(principal: Principal): object {
  return {
    name: principal.name,
    uid: principal.subject,
    // 1 user, 4 service
    type_id: principal.kind === "person" ? 1 : 4,
    type: principal.kind,
    ...(principal.email === undefined ? {} : { email_addr: principal.email }),
    groups: principal.groups.map((name) => ({ name })),
  };
}
