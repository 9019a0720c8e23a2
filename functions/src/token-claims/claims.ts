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

/**
 * The event with its answer, as Cognito wants it back.
 * @param prefixes by provider: what its people's names begin with, so that nobody of one is taken for somebody of another
 */
export function withClaims(
  event: TokenEvent,
  prefixes: Readonly<Record<string, string>> = {},
): TokenEvent & { response: object } {
  const { userAttributes, groupConfiguration } = event.request;
  const name = userAttributes.preferred_username ?? userAttributes.email ?? event.userName;
  const claims = {
    preferred_username: `${prefixOf(event, prefixes)}${name}`,
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

/** Cognito names whoever comes from a provider `<provider>_<subject>`. @throws when that is none that is known: it could be anybody */
function prefixOf({ userName }: TokenEvent, prefixes: Readonly<Record<string, string>>): string {
  const providers = Object.keys(prefixes);
  if (providers.length === 0) return "";
  // Cognito writes the provider's name in lower case in some flows.
  const of = providers.filter((one) => userName.toLowerCase().startsWith(`${one.toLowerCase()}_`));
  const longest = of.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) throw new Error("a user of no provider that is known");
  return prefixes[longest] ?? "";
}

/**
 * A list that a provider gave, as JSON or as Cognito writes it, `[a, b]`; one value stands alone. Cognito's own groups come along. In Cognito's
 * writing a name with a comma cannot be told from two: KNOWN_LIMITATIONS.md.
 */
function groupsOf(given: string | undefined, own: readonly string[]): string[] {
  const text = given?.trim() ?? "";
  const named = jsonList(text) ?? plainList(text);
  return [...new Set([...own, ...named])].filter((name) => name !== "").slice(0, MOST_GROUPS);
}

function jsonList(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((one) => typeof one === "string") ? value : null;
  } catch {
    return null;
  }
}

function plainList(text: string): string[] {
  const inner = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return inner.split(",").map((name) => name.trim());
}
