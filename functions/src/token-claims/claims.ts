// What Cognito's tokens lack for the gateway: a name, groups and a kind where it looks for them, and who an access token is meant for.
import { z } from "zod";

/** Cognito's event before it makes tokens, version 2, as far as it is read. */
export const eventSchema = z.looseObject({
  callerContext: z.looseObject({ clientId: z.string().min(1) }),
  userName: z.string().min(1),
  request: z.looseObject({
    userAttributes: z.record(z.string(), z.string()),
    groupConfiguration: z.looseObject({ groupsToOverride: z.array(z.string()).nullish() }).nullish(),
  }),
});
export type TokenEvent = z.infer<typeof eventSchema>;

/** Most groups that a token names; more would make tokens that clients cannot send. */
const MOST_GROUPS = 100;

/** The event with its answer, as Cognito wants it back. */
export function withClaims(event: TokenEvent): TokenEvent & { response: object } {
  const { userAttributes, groupConfiguration } = event.request;
  const claims = {
    preferred_username: userAttributes.preferred_username ?? userAttributes.email ?? event.userName,
    groups: groupsOf(userAttributes["custom:groups"], groupConfiguration?.groupsToOverride ?? []),
    kind: "person",
  };
  return {
    ...event,
    response: {
      claimsAndScopeOverrideDetails: {
        idTokenGeneration: { claimsToAddOrOverride: claims },
        // Cognito names the client in access tokens, and no audience; of other values of `aud` it would take none.
        accessTokenGeneration: {
          claimsToAddOrOverride: { ...claims, email: userAttributes.email ?? "", aud: event.callerContext.clientId },
        },
      },
    },
  };
}

/** Cognito writes a list that a provider gave as `[a, b]`; one value stands alone. Cognito's own groups come along. */
function groupsOf(given: string | undefined, own: readonly string[]): string[] {
  const text = given?.trim() ?? "";
  const inner = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const named = inner.split(",").map((name) => name.trim());
  return [...new Set([...own, ...named])].filter((name) => name !== "").slice(0, MOST_GROUPS);
}
