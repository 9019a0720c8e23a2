// What every index of sessions has to keep to.
import { describe, expect, it } from "vitest";
import { matches } from "#proxy/adapters/session-filter.ts";
import type { IndexPort, SessionFilter } from "#proxy/ports/index.ts";
import type { SessionSummary } from "#shared/evidence/summary.ts";
import { ENGINEER } from "#test/support/evidence.ts";

function summary(session: string, more: Partial<SessionSummary> = {}): SessionSummary {
  return {
    session,
    target: "clinic",
    protocol: "postgres",
    principal: ENGINEER,
    opened: 1000,
    closed: 2000,
    ending: "done",
    statements: 1,
    refusals: 0,
    rows: 0,
    bytes: 0,
    relations: [],
    decisions: [],
    seq: 3,
    ...more,
  };
}

const COPILOT = { ...ENGINEER, kind: "agent" as const, name: "copilot", actsFor: "engineer" };
const SESSIONS = [
  summary("01A", { opened: 1000, closed: 2000, relations: ["public.patients"], decisions: ["permit"] }),
  summary("01B", { opened: 3000, closed: null, ending: null, target: "billing", decisions: ["permit", "refuse"] }),
  summary("02C", { opened: 2500, closed: 2600, principal: COPILOT, relations: ["public.claims", "audit.patients"] }),
  summary("02D", { opened: 500, closed: 600, principal: null, target: "gateway" }),
];
const FILTERS: readonly (readonly [SessionFilter, readonly string[]])[] = [
  [{}, ["01B", "02C", "01A", "02D"]],
  [{ principal: "copilot" }, ["02C"]],
  [{ principal: "engineer" }, ["01B", "02C", "01A"]],
  [{ target: "billing" }, ["01B"]],
  [{ since: 2100 }, ["01B", "02C"]],
  [{ until: 1000 }, ["01A", "02D"]],
  [{ since: 550, until: 900 }, ["02D"]],
  [{ relation: "public.patients" }, ["01A"]],
  [{ relation: "patients" }, ["02C", "01A"]],
  [{ relation: "atients" }, []],
  [{ decision: "refuse" }, ["01B"]],
  [{ principal: "engineer", decision: "permit", target: "clinic" }, ["01A"]],
];

export function indexContract(name: string, open: () => IndexPort): void {
  describe(`index of sessions: ${name}`, () => {
    it("finds by every filter, newest first, and as a session that is not in it yet would be found", () => {
      const index = open();
      index.advance(SESSIONS, 7, []);
      for (const [filter, expected] of FILTERS) {
        expect(
          index.find(filter).map((so) => so.session),
          JSON.stringify(filter),
        ).toEqual(expected);
        const live = SESSIONS.filter((so) => matches(so, filter)).map((so) => so.session);
        expect(live.sort(), JSON.stringify(filter)).toEqual([...expected].sort());
      }
      expect(index.find({ limit: 2 }).map((so) => so.session)).toEqual(["01B", "02C"]);
    });

    it("replaces a session as it goes on, and knows how far the ledger is in it", () => {
      const index = open();
      expect(index.reached).toBe(0);
      index.advance([summary("01A", { closed: null })], 1, []);
      index.advance([summary("01A", { rows: 9, decisions: ["refuse"] })], 2, []);
      expect(index.reached).toBe(2);
      expect(index.get("01A")).toEqual(summary("01A", { rows: 9, decisions: ["refuse"] }));
      expect(index.find({ decision: "refuse" })).toHaveLength(1);
      expect(index.get("01B")).toBeNull();
    });

    it("finds by the start of an id, and takes it as it is", () => {
      const index = open();
      index.advance([...SESSIONS, summary("x_%y")], 1, []);
      expect(index.startingWith("01", 9).map((so) => so.session)).toEqual(["01A", "01B"]);
      expect(index.startingWith("0", 2)).toHaveLength(2);
      expect(index.startingWith("x_%", 9)).toHaveLength(1);
      expect(index.startingWith("%", 9)).toHaveLength(0);
    });

    it("finds who was shown somebody's record, however often it is told", () => {
      const index = open();
      const shown = (subject: string, session: string, time: number) => ({ subject, session, first: time, last: time });
      index.advance(SESSIONS, 1, [shown("aa", "01B", 3000), shown("aa", "01A", 1000), shown("bb", "01A", 1000)]);
      index.advance([], 2, [shown("aa", "01A", 1500), shown("aa", "01A", 1000)]);
      const first = { subject: "aa", session: "01A", first: 1000, last: 1500 };
      expect(index.disclosed(["aa"])).toEqual([first, shown("aa", "01B", 3000)]);
      expect(index.disclosed(["bb", "cc"])).toEqual([shown("bb", "01A", 1000)]);
      expect(index.disclosed(["a"])).toEqual([]);
      index.clear();
      expect(index.disclosed(["aa", "bb"])).toEqual([]);
    });

    it("can be cleared and filled again", () => {
      const index = open();
      index.advance(SESSIONS, 4, []);
      index.clear();
      expect(index.reached).toBe(0);
      expect(index.find({})).toEqual([]);
      expect(index.find({ decision: "permit" })).toEqual([]);
    });
  });
}
