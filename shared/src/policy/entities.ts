// Principals, targets, relations and classes as Cedar entities; see schema.ts for what their attributes mean.
import type { CedarValueJson, EntityJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";
import type { RelationFact } from "../facts.ts";
import type { Principal } from "../identity.ts";
import type { Target } from "../target.ts";
import { type Catalog, isTemporary } from "./catalog.ts";
import { splitName } from "./listing.ts";
import { UNCLASSIFIED } from "./types.ts";

export interface Entity extends EntityJson {
  readonly uid: TypeAndId;
}

const TYPES = { person: "User", workload: "Workload", agent: "Agent" } as const;

export function principalEntity(principal: Principal): Entity {
  const attrs: Record<string, CedarValueJson> = {
    name: principal.name,
    issuer: principal.issuer,
    subject: principal.subject,
    amr: [...principal.amr],
  };
  if (principal.email !== undefined) attrs.email = principal.email;
  if (principal.authTime !== undefined) attrs.authTime = datetime(principal.authTime * 1000);
  if (principal.kind === "agent" && principal.actsFor !== undefined)
    attrs.actsFor = { __entity: { type: "User", id: principal.actsFor } };
  return {
    uid: { type: TYPES[principal.kind], id: principal.name },
    attrs,
    parents: principal.groups.map((id) => ({ type: "Group", id })),
  };
}

export function targetEntity(target: Target, catalog: Catalog): Entity {
  return {
    uid: { type: "Target", id: target.name },
    attrs: { protocol: target.protocol, protects: catalog.protects(target.name) },
    parents: [],
    tags: { ...target.labels },
  };
}

export function relationEntity(
  target: Target,
  fact: Pick<RelationFact, "relation" | "system">,
  catalog: Catalog,
): Entity {
  const temporary = isTemporary(fact.relation);
  return {
    uid: { type: "Relation", id: `${target.name}/${fact.relation}` },
    attrs: {
      ...splitName(fact.relation),
      phi: catalog.holdsPhi(target.name, fact.relation),
      listed: catalog.lists(target.name, fact.relation),
      system: fact.system && !temporary,
      temporary,
    },
    parents: [{ type: "Target", id: target.name }],
  };
}

export function classEntity(target: Target, name: string, catalog: Catalog): Entity {
  const entry = catalog.classes.get(name);
  return {
    uid: { type: "Class", id: name },
    attrs: { identifier: entry?.identifier ?? UNCLASSIFIED, mask: entry?.mask ?? "redact" },
    parents: [{ type: "Target", id: target.name }],
  };
}

/** @param time milliseconds since the epoch */
export function datetime(time: number): CedarValueJson {
  return { __extn: { fn: "datetime", arg: new Date(time).toISOString() } };
}

/** An address as sockets give it; Cedar has no IPv4-mapped and no scoped IPv6 addresses. */
export function ipaddr(address: string): CedarValueJson {
  return { __extn: { fn: "ip", arg: address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "") } };
}
