import type { Refusal } from "#shared/errors.ts";
import type { Principal } from "#shared/identity.ts";

/** Verifies tokens (any number of issuers) and knows who has been offboarded. */
export interface IdentityPort {
  /** Signature, issuer, audience, times, claim mapping; also refuses revoked identities. Never throws for a bad token. */
  verify(token: string): Promise<Principal | Refusal>;
  /** Discovery document address of the issuer that OAUTHBEARER clients are sent to, and the scope to ask for. */
  readonly oauth: { readonly configuration: string; readonly scope: string };
  isRevoked(principal: Principal): boolean;
  /** Calls back within seconds of a revocation being entered; returns a function that stops it. */
  onRevocation(listener: (isRevoked: (principal: Principal) => boolean) => void): () => void;
}
