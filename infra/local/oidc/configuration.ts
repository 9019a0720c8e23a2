// What the local provider offers: code flow with PKCE, device flow, client credentials; access tokens are JWTs (RFC 9068) for the gateway.
import {
  type AccessToken,
  type ClientCredentials,
  type ClientMetadata,
  type Configuration,
  errors,
  interactionPolicy,
  type JWKS,
  type KoaContextWithOIDC,
} from "oidc-provider";
import { claimsOf, IDENTITIES, identityOf } from "./identities.ts";
import { createMemory } from "./memory.ts";
import { escapeHtml, page } from "./pages.ts";

/** `aud` of the tokens, and the resource (RFC 8707) they are for. */
export const AUDIENCE = "postern";
const RESOURCE = "urn:postern:gateway";
export const SCOPE = "postern";
/** The public client: the command line, and whatever else a person signs in with. */
export const CLIENT_ID = "postern";
export const TOKEN_SECONDS = 900;
export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";

/** Marks a token that token exchange makes; provider and token exchange share no other state. */
export const EXCHANGED = "token_exchange";

export const resourceServer = {
  scope: SCOPE,
  audience: AUDIENCE,
  accessTokenTTL: TOKEN_SECONDS,
  accessTokenFormat: "jwt",
  jwt: { sign: { alg: "ES256" } },
} as const;
export const RESOURCE_ID = RESOURCE;

function clients(secrets: ReadonlyMap<string, string>): ClientMetadata[] {
  const people: ClientMetadata = {
    client_id: CLIENT_ID,
    client_name: "Postern",
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", DEVICE_CODE],
    response_types: ["code"],
    redirect_uris: ["http://127.0.0.1/callback"],
  };
  const machines = IDENTITIES.filter(({ kind }) => kind !== "person").map(({ name, kind }) => ({
    client_id: name,
    client_secret: secrets.get(name) as string,
    grant_types: [kind === "agent" ? TOKEN_EXCHANGE : "client_credentials"],
    response_types: [],
    redirect_uris: [],
  }));
  return [people, ...machines];
}

/** Everybody chooses who to be, each time; nobody is asked to consent to a demonstration. */
function prompts() {
  const policy = interactionPolicy.base();
  policy.remove("consent");
  const { REQUEST_PROMPT, NO_NEED_TO_PROMPT } = interactionPolicy.Check;
  const chosen = new interactionPolicy.Check("choose", "an identity is chosen for each sign-in", ({ oidc }) =>
    oidc.result?.login === undefined ? REQUEST_PROMPT : NO_NEED_TO_PROMPT,
  );
  policy.get("login")?.checks.add(chosen);
  return policy;
}

/** The claims of an access token that say who it is for. */
function tokenClaims(
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
): Record<string, unknown> | undefined {
  if (token.kind === "ClientCredentials" || token.gty === EXCHANGED) {
    const identity = identityOf(token.clientId as string);
    return identity && claimsOf(identity);
  }
  const identity = identityOf(token.accountId);
  const source = ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.DeviceCode;
  return identity && { ...claimsOf(identity), amr: source?.amr, auth_time: source?.authTime };
}

const deviceFlow = {
  enabled: true,
  userCodeInputSource: (ctx: KoaContextWithOIDC, form: string, _out: unknown, error?: Error) => {
    const words =
      error === undefined ? "Enter the code that your program shows." : "That did not work: enter the code again.";
    ctx.body = page(
      "Sign in a device",
      `<p>${words}</p>${form}<button type="submit" form="op.deviceInputForm">Continue</button>`,
    );
  },
  userCodeConfirmSource: (ctx: KoaContextWithOIDC, form: string, _client: unknown, _device: unknown, code: string) => {
    const question = `<p>Does your program show this code?</p><p><code>${escapeHtml(code)}</code></p>`;
    const answers = `<button autofocus type="submit" form="op.deviceConfirmForm">Yes, continue</button>
<button type="submit" form="op.deviceConfirmForm" value="yes" name="abort">No</button>`;
    ctx.body = page("Sign in a device", question + form + answers);
  },
  successSource: (ctx: KoaContextWithOIDC) => {
    ctx.body = page("Signed in", "<p>You can close this page.</p>");
  },
};

export function configuration(keys: JWKS, cookieKey: string, secrets: ReadonlyMap<string, string>): Configuration {
  return {
    adapter: createMemory(),
    jwks: keys,
    cookies: { keys: [cookieKey] },
    clients: clients(secrets),
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    enabledJWA: { idTokenSigningAlgValues: ["ES256"] },
    scopes: ["openid"],
    pkce: { required: () => true },
    responseTypes: ["code"],
    interactions: { policy: prompts(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => {
      const identity = identityOf(sub);
      return identity?.kind === "person"
        ? { accountId: sub, claims: async () => ({ sub, ...claimsOf(identity) }) }
        : undefined;
    },
    loadExistingGrant: async (ctx) => {
      const { provider, session, client } = ctx.oidc;
      const grant = new provider.Grant({ accountId: session?.accountId, clientId: client?.clientId });
      grant.addOIDCScope("openid");
      grant.addResourceScope(RESOURCE, SCOPE);
      await grant.save();
      return grant;
    },
    extraTokenClaims: tokenClaims,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow,
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== RESOURCE) throw new errors.InvalidTarget();
          return resourceServer;
        },
      },
    },
    ttl: {
      AccessToken: TOKEN_SECONDS,
      ClientCredentials: TOKEN_SECONDS,
      AuthorizationCode: 60,
      DeviceCode: 600,
      IdToken: TOKEN_SECONDS,
      Interaction: 600,
      Session: 600,
      Grant: 600,
    },
  };
}
