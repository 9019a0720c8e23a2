// Whose token it is, with aws-jwt-verify: only asymmetric signatures of the one issuer, for the one audience.
import { JwtVerifier } from "aws-jwt-verify/jwt-verifier";
import type { Approver } from "#shared/approval/types.ts";
import { type ClaimMapping, principalOf } from "#shared/claims.ts";

export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
  /** https only. */
  readonly jwks: string;
  /** Where the token says it. */
  readonly claims: ClaimMapping;
}

export function tokenVerifier({
  issuer,
  audience,
  jwks,
  claims,
}: TokenSettings): (token: string) => Promise<Approver | { readonly refused: string }> {
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: jwks });
  return async (token) => {
    try {
      const principal = principalOf(await verifier.verify(token), claims);
      return typeof principal === "string" ? { refused: principal } : principal;
    } catch (error) {
      // The kind of error, never its own text: that quotes claims.
      return { refused: `the token was not accepted: ${error instanceof Error ? error.constructor.name : "Error"}` };
    }
  };
}
