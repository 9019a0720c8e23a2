// Tokens to principals, with aws-jwt-verify. Only asymmetric signatures exist for it: `none` and HMAC are refused whatever the key.
import {
  FetchError,
  JwksValidationError,
  JwkValidationError,
  JwtExpiredError,
  JwtInvalidAudienceError,
  JwtInvalidSignatureAlgorithmError,
  JwtInvalidSignatureError,
  JwtNotBeforeError,
  JwtParseError,
  JwtWithoutValidKidError,
  KidNotFoundInJwksError,
  WaitPeriodNotYetEndedJwkError,
} from "aws-jwt-verify/error";
import { type Fetcher, SimpleFetcher } from "aws-jwt-verify/https";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { decomposeUnverifiedJwt } from "aws-jwt-verify/jwt";
import { JwtVerifier } from "aws-jwt-verify/jwt-verifier";
import { type ClaimMapping, principalOf } from "#shared/claims.ts";
import { Refusal } from "#shared/errors.ts";
import type { Principal, PrincipalKind } from "#shared/identity.ts";
import type { IdentityPort } from "../ports/identity.ts";

export interface IssuerSettings {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  /** https only. */
  readonly jwksUri: string;
  /** PEM; the system's authorities when absent. */
  readonly ca?: string;
  readonly claims: ClaimMapping;
  /** Kinds of identities that this issuer may vouch for. */
  readonly kinds: readonly PrincipalKind[];
}

/** Who has been offboarded. */
export interface Revocations {
  isRevoked(principal: Principal): boolean;
  /** False when it cannot be told: then nobody is let in. */
  readonly available: boolean;
  onChange(listener: () => void): () => void;
}

export interface IdentityOptions {
  readonly issuers: readonly IssuerSettings[];
  readonly oauth: { readonly configuration: string; readonly scope: string };
  readonly revocations: Revocations;
  readonly graceSeconds?: number;
}

/** Clocks of issuer and gateway may differ by this much. */
const GRACE_SECONDS = 5;
/** A key that an issuer has withdrawn is forgotten within this time. */
const REFRESH_MS = 5 * 60_000;

export interface RunningIdentity extends IdentityPort {
  close(): void;
}

export function createIdentity(options: IdentityOptions): RunningIdentity {
  const { revocations } = options;
  const byIssuer = new Map(options.issuers.map((settings) => [settings.issuer, settings]));
  const cache = new SimpleJwksCache({ fetcher: fetcherOf(options.issuers) });
  const verifier = JwtVerifier.create(
    options.issuers.map(({ issuer, audience, jwksUri }) => ({
      issuer,
      audience: typeof audience === "string" ? audience : [...audience],
      jwksUri,
      graceSeconds: options.graceSeconds ?? GRACE_SECONDS,
    })),
    { jwksCache: cache },
  );
  // A failing refresh changes nothing: the keys that are known stay known until the issuer says otherwise.
  const timer = setInterval(() => void verifier.hydrate().catch(() => {}), REFRESH_MS);
  timer.unref();

  const check = async (token: string): Promise<Principal | Refusal> => {
    // Said before any key is looked for: a foreign token causes no request.
    const settings = byIssuer.get(decomposeUnverifiedJwt(token).payload.iss ?? "");
    if (settings === undefined) return invalid("its issuer is not one of the gateway's");
    const claims = await verifier.verify(token);
    const principal = principalOf(claims, settings.claims);
    if (typeof principal === "string") return invalid(principal);
    if (!settings.kinds.includes(principal.kind)) return invalid("its issuer may not vouch for this kind of identity");
    if (!revocations.available) return new Refusal("internal", { message: "the list of revocations cannot be read" });
    return revocations.isRevoked(principal) ? new Refusal("offboarded") : principal;
  };

  return {
    oauth: options.oauth,
    isRevoked: (principal) => revocations.isRevoked(principal),
    onRevocation: (listener) => revocations.onChange(() => listener((principal) => revocations.isRevoked(principal))),
    async verify(token) {
      if (token === "") return new Refusal("token-missing");
      try {
        return await check(token);
      } catch (error) {
        return invalid(reasonOf(error));
      }
    },
    close: () => clearInterval(timer),
  };
}

function invalid(why: string): Refusal {
  return new Refusal("token-invalid", { message: `the token was not accepted: ${why}` });
}

/** The reason in words. Never the error's own text: it quotes claims. */
function reasonOf(error: unknown): string {
  for (const [kind, words] of REASONS) if (error instanceof kind) return words;
  return "it cannot be verified";
}

// biome-ignore lint/suspicious/noExplicitAny: a constructor of any shape; only `instanceof` looks at it
const REASONS: readonly (readonly [abstract new (...args: any[]) => Error, string])[] = [
  [JwtExpiredError, "it has expired"],
  [JwtNotBeforeError, "it is not valid yet"],
  [JwtInvalidAudienceError, "it is meant for another audience"],
  [KidNotFoundInJwksError, "its issuer has no such key"],
  [WaitPeriodNotYetEndedJwkError, "its issuer has no such key"],
  [JwtWithoutValidKidError, "it does not say which key signed it"],
  [JwtInvalidSignatureAlgorithmError, "its signature algorithm is not allowed"],
  [JwtInvalidSignatureError, "its signature is wrong"],
  [JwtParseError, "it is malformed"],
  [FetchError, "its issuer's keys cannot be fetched"],
  [JwksValidationError, "its issuer's keys cannot be fetched"],
  [JwkValidationError, "its issuer's keys cannot be fetched"],
];

/** Each issuer's key set is fetched with that issuer's own authority. */
function fetcherOf(issuers: readonly IssuerSettings[]): Fetcher {
  const fetchers = new Map<string, Fetcher>();
  for (const { jwksUri, ca } of issuers)
    fetchers.set(jwksUri, new SimpleFetcher(ca === undefined ? {} : { defaultRequestOptions: { ca } }));
  return {
    fetch: (uri, requestOptions, data) => {
      const fetcher = fetchers.get(uri);
      return fetcher === undefined
        ? Promise.reject(new FetchError(uri, "not configured"))
        : fetcher.fetch(uri, requestOptions, data);
    },
  };
}
