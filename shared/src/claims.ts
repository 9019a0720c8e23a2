// From the claims of a verified token to a Principal.
import type { Principal, PrincipalKind } from "./identity.ts";

/** Where an issuer puts things: paths into the claims, parted by dots. */
export interface ClaimMapping {
  /** The unique name of a person or workload. */
  readonly name: string;
  /** The unique name of an agent, inside a token with `act` (RFC 8693 section 4.1). */
  readonly agent: string;
  readonly groups: string;
  /** `person`, `workload` or `agent`; without the claim, `act` makes an agent, a token of a client for itself a workload. */
  readonly kind: string;
  readonly email: string;
}

/** Where an issuer puts them that says nothing else. */
export const CLAIMS: ClaimMapping = {
  name: "preferred_username",
  agent: "act.sub",
  groups: "groups",
  kind: "kind",
  email: "email",
};

type Claims = Readonly<Record<string, unknown>>;

/** @returns the principal, or what the token lacks, in words */
export function principalOf(claims: Claims, mapping: ClaimMapping): Principal | string {
  const kind = kindOf(claims, mapping);
  if (kind === undefined) return "the token's kind of identity is unknown";
  const acted = isRecord(claims.act);
  if (acted && kind !== "agent") return "the token names an actor, but not the kind agent";
  const who = text(at(claims, mapping.name)) ?? (kind === "workload" ? clientOf(claims) : undefined);
  const agent = acted ? text(at(claims, mapping.agent)) : who;
  const subject = text(acted ? at(claims, "act.sub") : claims.sub);
  const name = kind === "agent" ? agent : who;
  if (name === undefined || who === undefined) return "the token does not name the identity";
  if (subject === undefined) return "the token has no subject";
  const expiresAt = number(claims.exp);
  if (expiresAt === undefined) return "the token does not expire";
  const email = text(at(claims, mapping.email));
  const authTime = number(claims.auth_time);
  const tokenId = text(claims.jti);
  return {
    kind,
    name,
    issuer: text(claims.iss) ?? "",
    subject,
    groups: texts(at(claims, mapping.groups)),
    amr: texts(claims.amr),
    expiresAt,
    ...(email === undefined ? {} : { email }),
    ...(authTime === undefined ? {} : { authTime }),
    ...(acted ? { actsFor: who } : {}),
    ...(tokenId === undefined ? {} : { tokenId }),
  };
}

function kindOf(claims: Claims, mapping: ClaimMapping): PrincipalKind | undefined {
  const said = at(claims, mapping.kind);
  if (said === "person" || said === "workload" || said === "agent") return said;
  if (said !== undefined) return undefined;
  if (isRecord(claims.act)) return "agent";
  // RFC 9068 section 2.2: where no person is involved, the subject is the client.
  return clientOf(claims) !== undefined && clientOf(claims) === claims.sub ? "workload" : "person";
}

function clientOf(claims: Claims): string | undefined {
  return text(claims.client_id) ?? text(claims.azp);
}

/** A claim by its own name, or by the path to it. */
function at(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const key of path.split(".")) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function isRecord(value: unknown): value is Claims {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
