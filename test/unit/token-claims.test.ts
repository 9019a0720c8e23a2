import { describe, expect, test } from "vitest";
import { type TokenEvent, withClaims } from "#functions/token-claims/claims.ts";
import { handler } from "#functions/token-claims/handler.ts";
import { principalOf } from "#shared/claims.ts";

const event = (attributes: Record<string, string>, groups: string[] | null = null) => ({
  version: "2",
  triggerSource: "TokenGeneration_HostedAuth",
  userName: "corp_ada",
  callerContext: { awsSdkVersion: "x", clientId: "client-1" },
  request: { userAttributes: attributes, groupConfiguration: { groupsToOverride: groups } },
  response: {},
});
const claimsOf = async (input: object) => {
  const { response } = (await handler(input)) as unknown as {
    response: { claimsAndScopeOverrideDetails: Record<string, { claimsToAddOrOverride: Record<string, unknown> }> };
  };
  const { idTokenGeneration, accessTokenGeneration } = response.claimsAndScopeOverrideDetails;
  return { id: idTokenGeneration?.claimsToAddOrOverride, access: accessTokenGeneration?.claimsToAddOrOverride };
};

describe("claims of Cognito's tokens", () => {
  test("are what the gateway reads by default, in tokens of both kinds", async () => {
    const { id, access } = await claimsOf(
      event({ email: "ada@example.org", "custom:groups": "[dba, nurse]" }, ["corp_saml"]),
    );
    const mapping = { name: "preferred_username", agent: "act.sub", groups: "groups", kind: "kind", email: "email" };
    const base = { iss: "https://issuer", sub: "s", exp: 1 };
    for (const claims of [
      { ...base, email: "ada@example.org", ...id },
      { ...base, ...access },
    ])
      expect(principalOf(claims, mapping)).toMatchObject({
        kind: "person",
        name: "ada@example.org",
        email: "ada@example.org",
        groups: ["corp_saml", "dba", "nurse"],
      });
    expect(access?.aud).toBe("client-1");
    expect(id).not.toHaveProperty("aud");
  });

  test.each([
    ["one group", "dba", ["dba"]],
    ["none", "", []],
    ["an empty list", "[]", []],
    ["twice the same", "[a, a,b ]", ["a", "b"]],
  ])("groups: %s", async (_, given, groups) => {
    expect((await claimsOf(event({ "custom:groups": given }))).id?.groups).toEqual(groups);
  });

  test("a group whose name has a comma stays one where the provider's list is JSON", async () => {
    expect((await claimsOf(event({ "custom:groups": '["night, ward 3", "dba"]' }))).id?.groups).toEqual([
      "night, ward 3",
      "dba",
    ]);
  });

  test("two providers that vouch for the same address make two names, and a user of neither gets no token", () => {
    const prefixes = { Corp: "corp:", "Corp-Labs": "labs:" };
    const nameOf = (userName: string) => {
      const made = withClaims({ ...event({ email: "ada@example.org" }), userName } as TokenEvent, prefixes);
      return JSON.stringify(made.response).match(/"preferred_username":"([^"]+)"/)?.[1];
    };
    expect(["Corp_12", "corp-labs_12"].map(nameOf)).toEqual(["corp:ada@example.org", "labs:ada@example.org"]);
    expect(() => nameOf("ada")).toThrow("no provider");
  });

  test("an event of another shape makes no token, and is not repeated in the error", async () => {
    await expect(handler({ userName: "secret-name" })).rejects.toThrow(/callerContext/);
    await expect(handler({ userName: "secret-name" })).rejects.not.toThrow(/secret-name/);
  });
});
