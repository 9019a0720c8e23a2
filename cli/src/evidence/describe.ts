// An event in words.
import type { EvidenceEvent, FactsSummary } from "#shared/evidence/event.ts";
import type { EvidenceLine } from "#shared/evidence/line-read.ts";
import type { MaskTally } from "#shared/masking/types.ts";
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
      return [`run      of event ${event.ref}${event.binds === 0 ? "" : ` with ${event.binds} values`}`];
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
    case "violation":
      return [`violation ${event.why} (${event.code})`];
    case "session.closed":
      return [`closed   ${event.reason}: ${event.statements} statements, ${event.rows} rows, ${event.bytes} bytes`];
    case "session.recovered":
      return [`closed by recovery: ${event.reason}`];
    case "policy.in_force":
      return [`policy   ${event.version} in force${event.previous === null ? "" : `, was ${event.previous}`}`];
    case "revocation.entered":
      return [`revoked  ${event.identity} by ${event.by}: ${event.reason}`];
  }
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
  return `column ${mask.column} (${classes}): ${mask.mask}, ${mask.masked} masked, ${mask.clear} clear`;
}
