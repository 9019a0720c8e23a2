// What is known of a session from some of its objects, in whatever order they were read. Parts add up: the same objects give the same whole.
import type { EvidenceLine } from "./line-read.ts";
import { type SessionSummary, summarizeLine } from "./summary.ts";

/** Numbers of consecutive events that went in, both inclusive. */
export type Range = readonly [first: number, last: number];

export interface SessionPart {
  /** While the first event is not in, who it was is not known. */
  readonly summary: SessionSummary;
  /** In order, apart from each other. */
  readonly ranges: readonly Range[];
}

/** @param lines of one object, in order. @returns null when there are none */
export function partOf(lines: readonly EvidenceLine[]): SessionPart | null {
  const first = lines[0]?.seq ?? 0;
  const summary = lines.reduce<SessionSummary | null>(summarizeLine, null);
  return summary === null ? null : { summary, ranges: [[first, summary.seq]] };
}

/**
 * @param more of one object: whether it is in already can only be told of objects one by one
 * @returns `known` itself when nothing of `more` is new
 * @throws when the two have some events in common and others not: no two objects of a session are so
 */
export function mergeParts(known: SessionPart, more: SessionPart): SessionPart {
  if (more.ranges.every((range) => known.ranges.some((wider) => isWithin(range, wider)))) return known;
  if (known.ranges.every((range) => more.ranges.some((wider) => isWithin(range, wider)))) return more;
  const ranges = united(known.ranges, more.ranges);
  return { summary: added(known, more), ranges };
}

function isWithin([first, last]: Range, [from, to]: Range): boolean {
  return first >= from && last <= to;
}

function united(some: readonly Range[], others: readonly Range[]): Range[] {
  const found: Range[] = [];
  for (const range of [...some, ...others].sort(([a], [b]) => a - b)) {
    const before = found.at(-1);
    if (before !== undefined && range[0] <= before[1])
      throw new Error("two objects of a session have events in common");
    if (before !== undefined && range[0] === before[1] + 1) found[found.length - 1] = [before[0], range[1]];
    else found.push(range);
  }
  return found;
}

function added(a: SessionPart, b: SessionPart): SessionSummary {
  const [early, late] =
    (a.ranges[0]?.[0] ?? 0) < (b.ranges[0]?.[0] ?? 0) ? [a.summary, b.summary] : [b.summary, a.summary];
  return {
    session: early.session,
    target: early.target,
    protocol: early.protocol,
    principal: early.principal,
    opened: early.opened,
    closed: early.closed ?? late.closed,
    ending: early.ending ?? late.ending,
    statements: early.statements + late.statements,
    refusals: early.refusals + late.refusals,
    rows: early.rows + late.rows,
    bytes: early.bytes + late.bytes,
    relations: [...new Set([...early.relations, ...late.relations])].sort(),
    decisions: [...new Set([...early.decisions, ...late.decisions])].sort(),
    seq: Math.max(early.seq, late.seq),
  };
}

/** True once the first event is in: then who it was, and when it began, is known for good. */
export function isIdentified({ ranges }: SessionPart): boolean {
  return ranges[0]?.[0] === 1;
}
