// The sample is chosen by the ledger, by nobody: those sessions of the period whose SHA-256(root of the head, session id) is smallest. Nobody knows the
// root beforehand, and everybody can check the choice afterwards.
import type { Sha256 } from "../evidence/digest.ts";
import { toHex } from "../evidence/digest.ts";
import type { SessionSummary } from "../evidence/summary.ts";
import type { Chosen, Head, Period, Review, Sampled, Totals } from "./types.ts";

type Session = SessionSummary & { readonly principal: NonNullable<SessionSummary["principal"]> };

/** @param found every session that is known; those of the period and of somebody are taken */
export function choose(
  found: readonly SessionSummary[],
  period: Period,
  { root }: Head,
  size: number,
  sha256: Sha256,
): readonly Sampled[] {
  const sessions = begunIn(found, period);
  const drawn = new Map(sessions.map((so) => [so.session, draw(root, so.session, sha256)]));
  const smallest = (some: readonly Session[]) =>
    some
      .toSorted((a, b) => ((drawn.get(a.session) ?? "") < (drawn.get(b.session) ?? "") ? -1 : 1))
      .slice(0, size)
      .map((so) => so.session);
  const random = new Set(smallest(sessions));
  const noteworthy = new Set(smallest(sessions.filter(isNoteworthy)));
  return sessions
    .filter(({ session }) => random.has(session) || noteworthy.has(session))
    .map((so) => sampled(so, [...(random.has(so.session) ? RANDOM : []), ...(noteworthy.has(so.session) ? NOTED : [])]))
    .toSorted((a, b) => a.opened - b.opened || (a.session < b.session ? -1 : 1));
}

const RANDOM: readonly Chosen[] = ["random"];
const NOTED: readonly Chosen[] = ["noteworthy"];

function draw(root: string, session: string, sha256: Sha256): string {
  const bytes = Uint8Array.from(root.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return toHex(sha256.digest(Uint8Array.of(...bytes, ...new TextEncoder().encode(session))));
}

function begunIn(found: readonly SessionSummary[], { from, until }: Period): readonly Session[] {
  return found.filter((so): so is Session => so.principal !== null && so.opened >= from && so.opened < until);
}

/** Something was refused, had to be agreed to by others (a break-glass lets only such commands through), or it has no end of its own. */
export function isNoteworthy({ refusals, decisions, ending }: SessionSummary): boolean {
  return refusals > 0 || decisions.some((word) => word !== "permit") || ending?.startsWith("recovered") === true;
}

function sampled({ session, target, opened, principal }: Session, why: readonly Chosen[]): Sampled {
  const { kind, name, issuer, subject, email, actsFor } = principal;
  const who = {
    kind,
    name,
    issuer,
    subject,
    ...(email === undefined ? {} : { email }),
    ...(actsFor === undefined ? {} : { actsFor }),
  };
  return { session, target, opened, who, why };
}

export function totalsOf(found: readonly SessionSummary[], period: Period): Totals {
  const sessions = begunIn(found, period);
  const sum = (of: (so: SessionSummary) => number) => sessions.reduce((all, so) => all + of(so), 0);
  return {
    sessions: sessions.length,
    statements: sum((so) => so.statements),
    rows: sum((so) => so.rows),
    refusals: sum((so) => so.refusals),
    noteworthy: sessions.filter(isNoteworthy).length,
    refusedLogins: found.filter(
      (so) => so.principal === null && so.refusals > 0 && so.opened >= period.from && so.opened < period.until,
    ).length,
  };
}

/**
 * Checks a sample against what is known now.
 * @param openedAt when it was chosen: a session that ran on then may have become noteworthy later
 * @returns sessions that were left out although they were due, or are in it although they were not; none when it follows from the head
 */
export function misfits(
  { head, sample, sampleSize, ...period }: Review,
  openedAt: number,
  found: readonly SessionSummary[],
  sha256: Sha256,
): readonly string[] {
  const settled = found.filter((so) => !isNoteworthy(so) || (so.closed !== null && so.closed <= openedAt));
  const known = new Set(begunIn(found, period).map((so) => so.session));
  const due = (some: readonly SessionSummary[], why: Chosen) =>
    choose(some, period, head, sampleSize, sha256)
      .filter((one) => one.why.includes(why))
      .map((one) => one.session);
  const chosen = (why: Chosen) => sample.filter((one) => one.why.includes(why)).map((one) => one.session);
  const random = due(found, "random");
  // Whoever is noteworthy now, and ended before, was noteworthy then; others count when they were counted.
  const counted = new Set([...settled.map((so) => so.session), ...chosen("noteworthy")]);
  const noteworthy = due(
    found.filter((so) => counted.has(so.session)),
    "noteworthy",
  );
  const differ = (a: readonly string[], b: readonly string[]) => [
    ...a.filter((one) => !b.includes(one)),
    ...b.filter((one) => !a.includes(one)),
  ];
  const strangers = sample.map((one) => one.session).filter((one) => !known.has(one));
  return [
    ...new Set([...strangers, ...differ(random, chosen("random")), ...differ(noteworthy, chosen("noteworthy"))]),
  ].sort();
}
