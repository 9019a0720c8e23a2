// Who a Slack user is: Slack's confirmed address of the account, and the identity provider's own word on whose address that is.
import { z } from "zod";
import type { Approver } from "#shared/approval/types.ts";

/** What is asked over HTTP. @returns the JSON of a 2xx answer; null otherwise. */
export type GetJson = (url: string, headers: Readonly<Record<string, string>>) => Promise<unknown>;

/** The address of an account, if Slack has confirmed it, and the account is a person's and of this workspace. */
export type SlackAddress = (user: string, team: string) => Promise<string | null>;

/** Whose address it is. Null when nobody's, more than one's, or somebody's who is not active any more. */
export type Directory = (email: string) => Promise<Approver | null>;

const userInfo = z.object({
  ok: z.literal(true),
  user: z.object({
    id: z.string(),
    team_id: z.string(),
    deleted: z.boolean(),
    is_bot: z.boolean(),
    is_email_confirmed: z.boolean(),
    profile: z.object({ email: z.string().min(3) }),
  }),
});

/** Slack's `users.info` (scopes users:read and users:read.email). */
export function slackAddress(get: GetJson, api: string, token: string): SlackAddress {
  return async (user, team) => {
    const url = `${api}/users.info?user=${encodeURIComponent(user)}`;
    const parsed = userInfo.safeParse(await get(url, { authorization: `Bearer ${token}` }));
    if (!parsed.success) return null;
    const { id, team_id, deleted, is_bot, is_email_confirmed, profile } = parsed.data.user;
    return id === user && team_id === team && !deleted && !is_bot && is_email_confirmed ? profile.email : null;
  };
}

const scimUsers = z.object({
  Resources: z.array(
    z.object({
      id: z.string(),
      userName: z.string().min(1),
      active: z.boolean(),
      emails: z.array(z.object({ value: z.string() })),
      groups: z.array(z.object({ display: z.string() })).optional(),
    }),
  ),
});

/**
 * The identity provider's directory, by SCIM 2.0 (RFC 7644). `userName` is the name in its tokens, `id` the subject, `display` a group.
 * @param issuer of the tokens that name the same people
 */
export function scimDirectory(get: GetJson, base: string, token: string, issuer: string): Directory {
  return async (email) => {
    // A filter's string is JSON's (RFC 7644, 3.4.2.2).
    const filter = encodeURIComponent(`emails.value eq ${JSON.stringify(email)}`);
    const found = await get(`${base}/Users?filter=${filter}`, {
      authorization: `Bearer ${token}`,
      accept: "application/scim+json",
    });
    const parsed = scimUsers.safeParse(found);
    // A server that does not know the filter gives everybody: the address is looked at again here.
    const theirs = parsed.success ? parsed.data.Resources.filter((one) => owns(one, email)) : [];
    const [person] = theirs;
    if (person === undefined || theirs.length > 1 || !person.active) return null;
    const groups = (person.groups ?? []).map((group) => group.display);
    return { kind: "person", name: person.userName, issuer, subject: person.id, email, groups };
  };
}

function owns({ emails }: { readonly emails: readonly { readonly value: string }[] }, email: string): boolean {
  return emails.some(({ value }) => value.toLowerCase() === email.toLowerCase());
}
