// Who counts, and for what.
import type { Approver, GroupRules, Requester } from "./types.ts";

type Known = Pick<Approver, "name" | "issuer" | "subject" | "email">;

/** True when two identities may be the same human: any one of name, subject or address is enough. In doubt they are. */
export function samePerson(a: Known, b: Known): boolean {
  if (same(a.name, b.name)) return true;
  if (a.issuer === b.issuer && a.subject === b.subject) return true;
  return a.email !== undefined && b.email !== undefined && same(a.email, b.email);
}

/** True for the one who asks, and for the person whom an agent asks for. */
export function isRequester(person: Known, requester: Requester): boolean {
  return samePerson(person, requester) || (requester.actsFor !== undefined && same(person.name, requester.actsFor));
}

function same(a: string, b: string): boolean {
  return a.normalize("NFKC").toLowerCase() === b.normalize("NFKC").toLowerCase();
}

export interface Counted {
  readonly group: string;
  readonly name: string;
}

export interface Count {
  readonly counted: readonly Counted[];
  /** Groups whose quorum is not there, in the order in which they are needed. */
  readonly lacking: readonly string[];
}

export interface Need {
  readonly group: string;
  readonly rules: GroupRules;
  /** Groups whose people count for this one: itself, and who stands in. */
  readonly from: readonly string[];
}

/**
 * Gives each approver to at most one place of one group, so that as many places as possible are taken: a maximum matching, by
 * augmenting paths (Kuhn). Whoever is in two groups counts for the one where they are needed.
 * @param approvers distinct people
 */
export function count(needs: readonly Need[], approvers: readonly Approver[]): Count {
  const places = needs.flatMap((need) => Array.from({ length: need.rules.quorum }, () => need));
  /** Approver's index to place's index. */
  const taken = new Map<number, number>();
  const seat = (place: number, tried: Set<number>): boolean => {
    for (const [i, approver] of approvers.entries()) {
      if (tried.has(i) || !places[place]?.from.some((group) => approver.groups.includes(group))) continue;
      tried.add(i);
      const other = taken.get(i);
      if (other !== undefined && !seat(other, tried)) continue;
      taken.set(i, place);
      return true;
    }
    return false;
  };
  const empty = places.filter((_, place) => !seat(place, new Set()));
  const counted = [...taken].map(([i, place]) => ({
    group: places[place]?.group ?? "",
    name: approvers[i]?.name ?? "",
  }));
  const lacking = needs.filter((need) => empty.includes(need)).map((need) => need.group);
  return { counted, lacking };
}
