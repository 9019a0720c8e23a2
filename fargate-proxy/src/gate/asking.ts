// From a judged command to what people are asked: exactly which command it is, and what an approver needs to know of it.
import { commandDigest, factsDigest } from "#shared/approval/digest.ts";
import { definitionsOf, planningMayRunCode } from "#shared/approval/objects.ts";
import { rulesFor } from "#shared/approval/rules.ts";
import type { ApprovalMode, ApprovalRequest } from "#shared/approval/types.ts";
import { Refusal } from "#shared/errors.ts";
import type { Facts } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import type { Target } from "#shared/target.ts";
import type { Circumstances, Command } from "../protocol.ts";
import { heldWords, purposeRefusal } from "./held-words.ts";
import type { Judged } from "./judged.ts";
import type { GateParts } from "./parts.ts";
import type { SettingsSaid } from "./settings-said.ts";

/** Who asks, and from which session. */
export interface Asker {
  readonly session: string;
  readonly principal: Principal;
  readonly target: Target;
  readonly purpose: string | undefined;
  readonly settings: SettingsSaid;
  /** Asked for because more rows than this would be changed, not because policy holds it. */
  readonly beyond?: number;
}

/** What people are asked, or why they cannot be. */
export function requestFor(
  parts: GateParts,
  asker: Asker,
  command: Command,
  judged: Judged,
  mode: ApprovalMode,
): ApprovalRequest | Refusal {
  const { decision, analysis, snapshot } = judged;
  if (decision.obligations.some((o) => o.type === "reason")) return purposeRefusal(decision);
  const groups = decision.obligations.flatMap((o) => o.groups);
  const facts = analysis.statements.map((s) => s.facts);
  const circumstances = command.circumstances();
  const obstacle = obstacleTo(facts, command, asker.settings, circumstances);
  if (obstacle !== null) return impossible(judged, obstacle);
  if (parts.approvals.rules === null || snapshot === null || circumstances === null)
    return impossible(judged, "Ask the owners of the policy: nobody is named who could approve it.");
  const { target, principal, beyond } = asker;
  const objects = definitionsOf(facts, snapshot, command.context.temporary);
  return {
    id: parts.newId(),
    session: asker.session,
    target: target.name,
    requester: requesterOf(principal),
    digest: commandDigest(
      {
        target: target.name,
        principal,
        text: command.text,
        bound: circumstances.bound,
        searchPath: command.context.searchPath,
        role: target.user,
        settings: { ...asker.settings.all(), ...circumstances.settings },
        objects,
        beyond,
      },
      parts.sha256,
    ),
    facts: factsDigest(target.name, principal, facts, objects, parts.sha256, beyond),
    mode,
    rules: rulesFor(parts.approvals.rules, groups),
    what: whatIsAsked(decision.why, principal.name, target.name),
    statement: analysis.normalized,
    hasWhere: whereIn(facts),
    classes: classesIn(parts, target.name, facts),
    ...(asker.purpose === undefined ? {} : { purpose: asker.purpose }),
    policies: decision.policies,
    version: decision.version,
    createdAt: parts.clock.now(),
  };
}

/** What keeps a command from being approved as it stands, as a hint; null when nothing does. */
function obstacleTo(
  facts: readonly Facts[],
  command: Command,
  settings: SettingsSaid,
  circumstances: Circumstances | null,
): string | null {
  if (facts.some((f) => f.kind === "execute" || f.kind === "fetch"))
    return "Send the statement itself, not its name: EXECUTE and FETCH do not say what runs.";
  if (facts.some((f) => f.kind === "copy-in"))
    return "Load the rows into a temporary table and INSERT from there: rows that come after the approval cannot be approved.";
  if (command.context.unsettled === true) return "Commit the change of the catalog first.";
  if (!settings.followed)
    return "Connect anew: a setting was changed in this session that decides who asks or what a statement means.";
  if (circumstances === null) return "Prepare and bind it again.";
  return null;
}

/** Why a statement that needs an approval may not even be prepared; null when it may. Parse and Bind run nothing, but Bind plans. */
export function preparationObstacle(judged: Judged): Refusal | null {
  const facts = judged.analysis.statements.map((s) => s.facts);
  if (!planningMayRunCode(facts, judged.snapshot)) return null;
  const hint = "Send it as a simple query, without bind values: it calls functions that could run as it is planned.";
  return impossible(judged, hint);
}

function impossible(judged: Judged, hint: string): Refusal {
  return new Refusal("approval-impossible", { message: heldWords(judged.decision), hint });
}

/** Who asks and where stand beside it. */
function whatIsAsked(why: string, who: string, target: string): string {
  const start = `${who} asks to `;
  return (why.startsWith(start) ? why.slice(start.length) : why).replaceAll(` at ${target}`, "");
}

function requesterOf({ kind, name, issuer, subject, email, actsFor }: Principal): ApprovalRequest["requester"] {
  return {
    kind,
    name,
    issuer,
    subject,
    ...(email === undefined ? {} : { email }),
    ...(actsFor === undefined ? {} : { actsFor }),
  };
}

function whereIn(facts: readonly Facts[]): boolean | null {
  const bounded = facts.filter((f) => f.kind === "update" || f.kind === "delete");
  return bounded.length === 0 ? null : bounded.every((f) => f.hasWhere);
}

function classesIn({ bundle }: GateParts, target: string, facts: readonly Facts[]): string[] {
  const classes = new Set<string>();
  for (const { relations, influence } of facts) {
    const columns = relations.flatMap((r) =>
      (r.columns.length === 0 ? ["*"] : r.columns).map((c) => ({ ...r, column: c })),
    );
    for (const { relation, column } of [...columns, ...influence])
      for (const name of bundle.catalog.classesOf(target, { relation, column })) classes.add(name);
  }
  return [...classes].sort();
}
