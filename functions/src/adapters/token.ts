// Whose token it is, with aws-jwt-verify: only asymmetric signatures of the one issuer, for the one audience.
import { JwtVerifier } from "aws-jwt-verify/jwt-verifier";
import type { Approver } from "#shared/approval/types.ts";
import { type ClaimMapping, principalOf } from "#shared/claims.ts";

/** Where the token says it; the same as the gateway's own default. */
const CLAIMS: ClaimMapping = {
  name: "preferred_username",
  agent: "act.sub",
  groups: "groups",
  kind: "kind",
  email: "email",
};

export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
  /** https only. */
  readonly jwks: string;
}

export function tokenVerifier({
  issuer,
  audience,
  jwks,
}: TokenSettings): (token: string) => Promise<Approver | { readonly refused: string }> {
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: jwks });
  return async (token) => {
    try {
      const principal = principalOf(await verifier.verify(token), CLAIMS);
      return typeof principal === "string" ? { refused: principal } : principal;
    } catch (error) {
      // The kind of error, never its own text: that quotes claims.
      return { refused: `the token was not accepted: ${error instanceof Error ? error.constructor.name : "Error"}` };
    }
  };
}
