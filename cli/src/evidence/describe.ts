// An event in words.
import type { GlassChange } from "#shared/approval/break-glass.ts";
import type { ApprovalChange } from "#shared/approval/types.ts";
import type { ApprovalUse, EvidenceEvent, FactsSummary, ImagesEvent } from "#shared/evidence/event.ts";
import type { EvidenceLine } from "#shared/evidence/line-read.ts";
import type { MaskTally } from "#shared/masking/types.ts";
import type { ReviewChange } from "#shared/review/types.ts";
import { harmless } from "./table.ts";

/** The first line says what happened; further ones give the details. */
export function describe(line: EvidenceLine): string[] {
  return words(line.event, line).map(harmless);
}

function words(event: EvidenceEvent, line: EvidenceLine): string[] {
  switch (event.type) {
    case "session.opened":
      return [
        `opened   ${line.user ?? "?"} from ${event.source.address}:${event.source.port} to ${line.target}`,
        `${event.application || "(no application name)"}, ${event.tls}, ${event.authentication}, credential ${event.credential}`,
        ...principalWords(line),
      ];
    case "session.refused":
      return [
        `refused  login of ${event.claimed || "(nobody)"} from ${event.source.address}: ${event.why} (${event.code})`,
      ];
    case "statement":
      return [
        `${event.decision.outcome.padEnd(8)} ${event.text}`,
        `${event.phase}, ${event.decision.why || event.decision.outcome} (${event.decision.policies.join(", ") || "no policy asked"})`,
        ...event.facts.flatMap(factsWords),
        ...(event.decision.reveal.length === 0 ? [] : [`may see in clear: ${event.decision.reveal.join(", ")}`]),
      ];
    case "execute":
      return [
        `run      of event ${event.ref}${event.binds === 0 ? "" : ` with ${event.binds} values`}`,
        ...(event.approval === undefined ? [] : useWords(event.approval)),
      ];
    case "approval.requested":
      return [
        `asked    approval ${event.id} of ${event.needed.join(" and ")} for event ${event.ref}, open until ${timeOf(event.until)}`,
        `${event.mode}, digest ${event.digest}${event.joined ? ", a request from before" : ""}`,
      ];
    case "approval.changed":
      return [
        `approval ${event.id} of ${event.requester} at ${event.target}: ${changeWords(event.change)}`,
        `now ${event.status}, digest ${event.digest}`,
      ];
    case "break-glass.changed":
      return [`glass    ${event.id} of ${event.by} at ${event.target}: ${glassWords(event.change)}`, event.reason];
    case "activity-review.changed":
      return [
        `review   ${event.id}: ${reviewWords(event.change)}`,
        `${event.sample.length} of ${event.totals.sessions} sessions, by the head ${event.head.size} ${event.head.root}, due ${timeOf(event.dueAt)}`,
      ];
    case "approval.incident":
      return [
        `incident ${event.what}: ${event.why} by ${event.channel}` +
          `${event.by === undefined ? "" : `, ${event.by}`}${event.request === undefined ? "" : `, request ${event.request}`}`,
      ];
    case "disclosure":
      return [
        `shown    records of ${event.subjects.length} subjects of event ${event.ref}: ${event.classes.join(", ")} of ${event.relations.join(", ")}`,
        ...(event.complete ? [] : [`of ${event.untold} rows it cannot be told whose they are`]),
      ];
    case "finished":
      return [
        `finished ${event.tag || "(no tag)"} of event ${event.ref}: ${event.rows} rows, ${event.bytes} bytes, ` +
          `${(event.micros / 1000).toFixed(1)} ms${event.sqlstate === "00000" ? "" : `, error ${event.sqlstate}`}`,
        ...event.masks.map(maskWords),
      ];
    case "refused":
      return [
        `refused  ${event.why} (${event.code}, ${event.sqlstate})${event.ref === null ? "" : ` of event ${event.ref}`}`,
      ];
    case "inspection.failed":
      return [`withheld ${event.texts} free texts of event ${event.ref}: not inspected (${event.why})`];
    case "violation":
      return [`violation ${event.why} (${event.code})`];
    case "session.closed":
      return [`closed   ${event.reason}: ${event.statements} statements, ${event.rows} rows, ${event.bytes} bytes`];
    case "session.recovered":
      return [`closed by recovery: ${event.reason}`];
    case "policy.in_force":
      return [
        `policy   ${event.version} in force${event.previous === null ? "" : `, was ${event.previous}`}${event.push === undefined ? "" : `: pushed by ${event.push.by}, agreed by ${event.push.approvedBy.join(", ")} (request ${event.push.id}): ${event.push.reason}`}`,
      ];
    case "credential.renewed":
      return [`renewed  the target refused the credential: tried with ${event.credential}`];
    case "side":
      return [`beside   event ${event.ref}, by the gateway itself`, ...event.texts];
    case "images":
      return [
        `images   of ${event.relation}, event ${event.ref}: ${imageWords(event)}`,
        ...(event.approval === undefined ? [] : useWords(event.approval)),
      ];
    case "sealed.opened":
    case "sealed.shredded":
      return [
        `${event.type === "sealed.opened" ? "opened  " : "shredded"} what session ${event.of} has sealed (request ${event.id}), until ${timeOf(event.until)}`,
        `asked by ${event.asked.by.name}: ${event.asked.reason}`,
        `agreed by ${event.agreed.by.name}: ${event.agreed.reason}`,
      ];
    case "revocation.entered":
      return [`revoked  ${event.identity} by ${event.by}: ${event.reason}`];
  }
}

function imageWords({ before, after, difference, beyond, why }: ImagesEvent): string {
  const counts = `${before ?? "no"} rows before, ${after ?? "no"} after`;
  const more =
    difference === undefined || difference === null || difference === 0 ? "" : `, ${difference} more changed`;
  return `${beyond === true ? "more rows than are kept" : counts}${more}${why === undefined ? "" : `; ${why}`}`;
}

function useWords({ id, digest, answers, through, validUntil }: ApprovalUse): string[] {
  const agreed = answers.map(
    (a) => `${a.decision} by ${a.name} (${a.groups.join(", ")}) by ${a.channel}, ${a.authentication}`,
  );
  const granted = through === undefined ? agreed : [`let through by ${through.kind} ${through.id}`];
  return [`approved by request ${id}, valid until ${timeOf(validUntil)}, digest ${digest}`, ...granted];
}

function changeWords(change: ApprovalChange): string {
  switch (change.type) {
    case "answered": {
      const { by, decision, channel, authentication, reason } = change.answer;
      return `${decision} by ${by.name} (${by.groups.join(", ")}) by ${channel}, ${authentication}: ${reason}`;
    }
    case "approved":
      return `approved${change.through === undefined ? "" : `, let through by ${change.through.kind} ${change.through.id}`}, to be run until ${timeOf(change.validUntil)}`;
    case "denied":
      return `denied by ${change.by}: ${change.reason}`;
    case "cancelled":
      return `taken back by ${change.by}: ${change.why}`;
    case "escalated":
      return `${change.to} may stand in for ${change.group}`;
    case "notified":
      return `${change.group} was told by ${change.channel}`;
    case "notification-failed":
      return `${change.group} could not be told by ${change.channel}: ${change.why}`;
    case "spent":
      return `used in session ${change.session}`;
    default:
      return change.type;
  }
}

function glassWords(change: GlassChange): string {
  switch (change.type) {
    case "opened":
      return "broken";
    case "ended":
      return `ended by ${change.by}`;
    case "overdue":
      return "its review is overdue";
    case "reviewed":
      return `${change.justified ? "justified" : "not justified"}, says ${change.by.name}${change.late ? " (late)" : ""}: ${change.reason}`;
    default:
      return `${change.group}, ${change.channel}: ${change.type}`;
  }
}

function reviewWords(change: ReviewChange): string {
  switch (change.type) {
    case "opened":
    case "overdue":
      return change.type;
    case "attested":
      return `attested${change.concern ? " with a concern" : ""} by ${change.by.name}${change.late ? " (late)" : ""}: ${change.findings}`;
    default:
      return `${change.group}, ${change.channel}: ${change.type}`;
  }
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function principalWords(line: EvidenceLine): string[] {
  const principal = line.opening?.principal;
  if (principal === null || principal === undefined) return [];
  const acts = principal.actsFor === undefined ? "" : ` acting for ${principal.actsFor}`;
  return [`${principal.kind}${acts}, groups ${principal.groups.join(", ") || "(none)"}, issuer ${principal.issuer}`];
}

function factsWords(facts: FactsSummary): string[] {
  const relations = facts.relations.map((r) => `${r.relation} (${r.actions.join(", ")})`);
  const gaps = facts.complete ? [] : [`not complete: ${facts.gaps.join("; ")}`];
  return [`${facts.kind}${relations.length === 0 ? "" : `: ${relations.join(", ")}`}`, ...gaps];
}

function maskWords(mask: MaskTally): string {
  const classes = mask.classes.join(", ");
  const withheld = mask.withheld === undefined ? "" : `, ${mask.withheld} texts withheld`;
  return `column ${mask.column} (${classes}): ${mask.mask}, ${mask.masked} masked, ${mask.clear} clear${withheld}`;
}
