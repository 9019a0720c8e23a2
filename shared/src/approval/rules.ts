// From approvals.yaml to the rules of one request.
import type { Approvals } from "../policy/approvals-file.ts";
import type { ApprovalRules, Channel, GroupRules } from "./types.ts";

/**
 * @param needed groups of which people must agree, as the decision names them
 * @throws when there are none, or approvals.yaml does not know one: such a request could never be decided rightly
 */
export function rulesFor(approvals: Approvals | null, needed: readonly string[]): ApprovalRules {
  if (approvals === null || needed.length === 0) throw new Error("nobody can approve this");
  const groups: Record<string, GroupRules> = {};
  const add = (name: string): GroupRules => {
    const rules = Object.hasOwn(approvals.groups, name) ? approvals.groups[name] : undefined;
    if (rules === undefined) throw new Error(`approvals.yaml has no group "${name}"`);
    groups[name] = rules;
    return rules;
  };
  for (const name of needed) {
    const { escalation } = add(name);
    if (escalation !== undefined) add(escalation.to);
  }
  return {
    needed: [...new Set(needed)],
    groups,
    onceMinutes: approvals.grants.once.validMinutes,
    windowMinutes: approvals.grants.window?.maxMinutes ?? 0,
  };
}

/** Do people who agree by the `earlier` rules agree to what `now` asks for, too: all of its groups, none by fewer people? */
export function satisfies(earlier: ApprovalRules, now: ApprovalRules): boolean {
  const quorum = ({ groups }: ApprovalRules, group: string) => groups[group]?.quorum ?? 0;
  return now.needed.every((group) => earlier.needed.includes(group) && quorum(earlier, group) >= quorum(now, group));
}

/** Groups as they can be asked where only some channels exist. Who looks at the console sees every request: a group without any other is asked there. */
export function onChannels<G extends Pick<GroupRules, "channels">>(
  groups: Readonly<Record<string, G>>,
  exist: readonly Channel[],
): Record<string, G> {
  const here = (rules: G): G => {
    const channels = rules.channels.filter((channel) => exist.includes(channel));
    return { ...rules, channels: channels.length === 0 ? ["console"] : channels };
  };
  return Object.fromEntries(Object.entries(groups).map(([name, rules]) => [name, here(rules)]));
}
