// Token exchange (RFC 8693): an agent hands in the token of the person it acts for, and gets one that names both.

import type { Jwks } from "aws-jwt-verify/jwk";
import { JwtVerifier } from "aws-jwt-verify/jwt-verifier";
import { errors, type JWKS, type Provider } from "oidc-provider";
import {
  AUDIENCE,
  EXCHANGED,
  RESOURCE_ID,
  resourceServer,
  SCOPE,
  TOKEN_EXCHANGE,
  TOKEN_SECONDS,
} from "./configuration.ts";
import { identityOf } from "./identities.ts";

const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const PARAMETERS = ["subject_token", "subject_token_type", "requested_token_type", "resource", "audience", "scope"];

interface Parameters {
  readonly subject_token?: string;
  readonly subject_token_type?: string;
}

/** Adds the grant type to a provider. */
export function addTokenExchange(provider: Provider, keys: JWKS): void {
  const verifier = JwtVerifier.create({
    issuer: provider.issuer,
    audience: AUDIENCE,
    jwksUri: `${provider.issuer}/jwks`,
  });
  verifier.cacheJwks(publicKeys(keys));

  provider.registerGrantType<Parameters>(
    TOKEN_EXCHANGE,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const agent = identityOf(client?.clientId ?? "");
      if (client === undefined || agent?.kind !== "agent") throw new errors.InvalidClient("not an agent");
      if (params?.subject_token_type !== ACCESS_TOKEN)
        throw new errors.InvalidRequest("subject_token_type must be an access token");
      const subject = await verifier.verify(params.subject_token ?? "").catch(() => {
        throw new errors.InvalidGrant("the subject token is not valid");
      });
      if (subject.sub === undefined || subject.sub !== agent.actsFor || subject.kind !== "person")
        throw new errors.InvalidGrant("the agent does not act for this subject");
      // It ends no later than the subject's, even if a second begins between here and there.
      const left = (subject.exp ?? 0) - Math.floor(Date.now() / 1000) - 1;
      const expiresIn = Math.min(TOKEN_SECONDS, left);
      const grant = new provider.Grant({ accountId: subject.sub, clientId: client.clientId });
      grant.addResourceScope(RESOURCE_ID, SCOPE);
      const token = new provider.AccessToken({
        accountId: subject.sub,
        client,
        grantId: await grant.save(),
        gty: EXCHANGED,
        scope: SCOPE,
        expiresIn,
      });
      token.resourceServer = new provider.ResourceServer(RESOURCE_ID, resourceServer);
      const access_token = await token.save();
      ctx.body = {
        access_token,
        issued_token_type: ACCESS_TOKEN,
        token_type: "Bearer",
        expires_in: expiresIn,
        scope: SCOPE,
      };
    },
    PARAMETERS,
  );
}

/** The halves of the keys that verify. */
function publicKeys(keys: JWKS): Jwks {
  return {
    keys: keys.keys.map(
      ({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use }) as Jwks["keys"][number],
    ),
  };
}
