// People of the deployed user pool, who sign in as people do: through the pool's own pages, with the code flow and PKCE (RFC 7636).
import { createHash, randomBytes } from "node:crypto";
import type { Call } from "./call.ts";

/** The pool's own app client takes this one. */
const CALLBACK = "http://localhost:6435/callback";

export interface Pool {
  readonly endpoint: string;
  readonly call: Call;
  readonly id: string;
  readonly client: string;
}

/** Makes a person, of one group or of none, as an administrator does. @returns the password */
export async function makePerson({ call, id }: Pool, name: string, group: string | null): Promise<string> {
  const cognito = (action: string, input: object) =>
    call("cognito-idp", `AWSCognitoIdentityProviderService.${action}`, { UserPoolId: id, Username: name, ...input });
  const Password = `${randomBytes(12).toString("base64url")}aA1!`;
  const UserAttributes = [
    { Name: "email", Value: `${name}@example.org` },
    { Name: "preferred_username", Value: name },
  ];
  await cognito("AdminCreateUser", { UserAttributes, TemporaryPassword: Password, MessageAction: "SUPPRESS" });
  await cognito("AdminSetUserPassword", { Password, Permanent: true });
  if (group !== null) await cognito("AdminAddUserToGroup", { GroupName: group });
  return Password;
}

/** @returns the tokens of somebody who signs in. @throws when the pool does not let them in */
export async function signIn(
  { endpoint, client }: Pool,
  name: string,
  password: string,
): Promise<{ readonly id: string; readonly access: string }> {
  const verifier = randomBytes(32).toString("base64url");
  const asked = {
    response_type: "code",
    client_id: client,
    redirect_uri: CALLBACK,
    scope: "openid email",
    state: randomBytes(8).toString("hex"),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  };
  const page = await fetch(`${endpoint}/oauth2/authorize?${new URLSearchParams(asked)}`);
  const hidden = [...(await page.text()).matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
  const form = { ...Object.fromEntries(hidden.map(([, key, value]) => [key, value])), username: name, password };
  const entered = await fetch(`${endpoint}/login`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(form as Record<string, string>),
  });
  const back = new URL(entered.headers.get("location") ?? "none:");
  const code = back.searchParams.get("code");
  if (code === null || back.searchParams.get("state") !== asked.state) throw new Error(`${name} was not let in`);
  const grant = {
    grant_type: "authorization_code",
    code,
    redirect_uri: CALLBACK,
    client_id: client,
    code_verifier: verifier,
  };
  const granted = await fetch(`${endpoint}/oauth2/token`, { method: "POST", body: new URLSearchParams(grant) });
  const tokens = (await granted.json()) as { id_token?: string; access_token?: string };
  if (tokens.id_token === undefined || tokens.access_token === undefined) throw new Error(`${name} got no token`);
  return { id: tokens.id_token, access: tokens.access_token };
}
