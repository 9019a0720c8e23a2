// Who there is at the demo clinic. Names are roles: nobody here is a real person, and nobody has a password.
import type { HomeIdentity } from "#shared/home.ts";

export interface DemoIdentity extends HomeIdentity {
  readonly groups: readonly string[];
}

const person = (name: string, description: string): DemoIdentity => ({
  name,
  kind: "person",
  description,
  groups: [name],
});

export const IDENTITIES: readonly DemoIdentity[] = [
  person("engineer", "looks after the application; sees PHI masked"),
  person("nurse", "treats patients; may see what care needs"),
  person("dba", "keeps the database running"),
  person("privacy", "the privacy officer"),
  person("auditor", "reads the evidence, not the data"),
  person("contractor", "left the clinic: revoked"),
  {
    name: "ci-deploy",
    kind: "workload",
    description: "the pipeline that deploys the application",
    groups: ["ci-deploy"],
  },
  {
    name: "copilot",
    kind: "agent",
    actsFor: "engineer",
    description: "an AI agent that acts for the engineer",
    groups: ["copilot"],
  },
];

export const identityOf = (name: string): DemoIdentity | undefined => IDENTITIES.find((one) => one.name === name);

/** What a token says of an identity, beside what every token says. An agent's token is its person's, with `act` (RFC 8693 section 4.1). */
export function claimsOf(identity: DemoIdentity): Record<string, unknown> {
  const { name, kind, groups, actsFor } = identity;
  const who = { kind, groups, preferred_username: actsFor ?? name, email: `${actsFor ?? name}@example.org` };
  return kind === "agent" ? { ...who, act: { sub: name } } : who;
}
