// What the gate seals of a session, and what it does not.
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Judged } from "#proxy/gate/judged.ts";
import { Originals } from "#proxy/gate/originals.ts";
import type { SealedPart, SessionEvidence } from "#proxy/ports/evidence.ts";
import type { Session } from "#proxy/protocol.ts";
import { Refusal } from "#shared/errors.ts";
import { COMMITMENT, committed, type Delivery, SALT } from "#shared/evidence/originals.ts";
import type { ByteSink, ColumnPlan, RowMask } from "#shared/masking/types.ts";
import { dataRow } from "#test/support/cells.ts";
import { analysis, CLAIM, command, facts, fakeGate, PERMIT } from "#test/support/fake-gate.ts";

const plan = (mask: ColumnPlan["mask"]): ColumnPlan => ({ mask, classes: ["ssn"], sources: [], detectors: [] });
const SHOWN = {
  kind: "rows",
  index: 0,
  plan: [plan("clear"), plan("redact"), plan("last4")],
  shape: [],
  now: 1,
  pseudonymKey: 1,
} as const;
const PLACE = { run: 7, waiting: 30 };
const sink = {} as ByteSink;

function kept(sealed: "on" | "off") {
  const parts: SealedPart[] = [];
  const evidence = { seq: 7, seal: (part: SealedPart) => void parts.push({ ...part, bytes: part.bytes.slice() }) };
  const originals = new Originals(evidence as unknown as SessionEvidence, sealed);
  const said = () => parts.splice(0).map(({ kind, ref, bytes }) => `${kind} ${ref} ${Buffer.from(bytes)}`);
  return { originals, parts, said };
}

const rowOf = (cells: readonly (string | null)[]) =>
  dataRow(cells.map((cell) => (cell === null ? null : Buffer.from(cell))));
const masked: string[] = [];
const mask = (active: boolean): RowMask => ({
  active,
  tally: [],
  watch: null,
  row: (frame) => void masked.push(Buffer.from(frame).toString("hex")),
});

describe("originals", () => {
  it("are sealed once for what runs again, and anew for other literals", () => {
    const { originals, said } = kept("on");
    const judged = {} as Judged;
    originals.command(command({ text: "SELECT 'a'" }), judged);
    originals.command(command({ text: "SELECT 'a'" }), judged);
    expect(said()).toEqual(["statement 7 SELECT 'a'"]);
    originals.command(command({ text: "SELECT 'b'" }), judged);
    originals.command(command({ text: "SELECT 'a'" }), judged);
    expect(said()).toEqual(["statement 7 SELECT 'b'", "statement 7 SELECT 'a'"]);
    originals.command(command({ text: "SELECT 'a'", values: Buffer.from("bound") }), judged);
    expect(said()).toEqual(["values 7 bound"]);
  });

  it("of a masked result are what the target sent, with where its masked form stands", () => {
    const { originals, parts, said } = kept("on");
    originals.recorded(100);
    const row = rowOf(["1", "078-05-1120", "2024"]);
    originals.behind(mask(true), PLACE, () => SHOWN).row(row, sink);
    expect(masked.splice(0)).toEqual([Buffer.from(row).toString("hex")]);
    const delivery = JSON.parse(Buffer.from(parts[0]!.bytes).toString()) as Delivery;
    expect(delivery).toEqual({ at: 130, ...SHOWN });
    originals.settle();
    expect(said()[1]).toBe(`result 7 ${Buffer.from(row)}`);
  });

  it("of rows are in the lane before anything is sent, those that lie side by side together, all of them in order", () => {
    const { originals, said } = kept("on");
    const rows = ["a", "b", "c"].map((cell) => Buffer.from(rowOf([cell, null, null])));
    const [first, second, third] = rows as [Buffer, Buffer, Buffer];
    const chunk = Buffer.concat([first, second, Buffer.from("Z"), third]);
    const shown = originals.behind(mask(true), PLACE, () => SHOWN);
    const row = (frame: Buffer) => shown.row(frame, sink);
    row(chunk.subarray(0, first.length));
    row(chunk.subarray(first.length, first.length + second.length));
    expect(said().slice(1)).toEqual([]);
    originals.recorded(1);
    expect(said()).toEqual([`result 7 ${first}${second}`]);
    row(chunk.subarray(-third.length));
    originals.command(command({ text: "SELECT 1" }), null);
    row(first);
    row(second);
    originals.withheld(Buffer.from("notice"), PLACE);
    const [last, statement, one, two, delivery, notice, ...more] = said();
    expect([last, statement, one, two]).toEqual([
      `result 7 ${third}`,
      "statement 7 SELECT 1",
      `result 7 ${first}`,
      `result 7 ${second}`,
    ]);
    expect([delivery?.slice(0, 10), notice, ...more]).toEqual(["delivery 7", "result 7 notice"]);
  });

  it("of an answer that shows everything are in the recording alone", () => {
    const { originals, parts } = kept("on");
    const clear = mask(false);
    expect(originals.behind(clear, PLACE, () => SHOWN)).toBe(clear);
    expect(parts).toEqual([]);
  });

  it("are nowhere where a target says so: there are commitments to the hidden cells", () => {
    const { originals, parts } = kept("off");
    originals.command(command({ text: "SELECT 'a'", values: Buffer.from("bound") }), null);
    expect(parts).toEqual([]);
    const shown = originals.behind(mask(true), PLACE, () => SHOWN);
    shown.row(rowOf(["1", "078-05-1120", "2024"]), sink);
    shown.row(rowOf(["2", null, "078-05-1120"]), sink);
    expect(Buffer.concat(parts.map(({ bytes }) => bytes)).includes("078-05-1120")).toBe(false);
    const [, salt, first, second] = parts;
    expect(salt!.bytes).toHaveLength(SALT);
    const commitment = (row: number, column: number, value: string | null) => {
      const what = committed({ run: 7, index: 0, row, column }, value === null ? null : Buffer.from(value));
      return createHmac("sha256", salt!.bytes)
        .update(what)
        .digest("hex")
        .slice(0, COMMITMENT * 2);
    };
    const hex = ({ bytes }: SealedPart) => Buffer.from(bytes).toString("hex");
    expect(hex(first!)).toBe(commitment(0, 1, "078-05-1120") + commitment(0, 2, "2024"));
    expect(hex(second!)).toBe(commitment(1, 1, null) + commitment(1, 2, "078-05-1120"));
    expect(commitment(0, 1, "x")).not.toBe(commitment(1, 1, "x"));
  });
});

describe("the gate", () => {
  const open = async () => {
    const fake = await fakeGate();
    const session = (await fake.gate.admit(CLAIM)) as Session;
    return { ...fake, session };
  };

  it("seals what it permits, refuses, and cannot read, each at its event", async () => {
    const { session, sealed, world, log } = await open();
    world.decide = () => PERMIT;
    world.analyse = () => analysis(facts());
    await session.judge(command({ text: "select 'one'" }));
    world.analyse = () => ({ syntax: "no", normalized: "?", fingerprint: "0" });
    await session.judge(command({ text: "selec 'two'" }));
    world.analyse = () => new Refusal("statement-too-complex");
    await session.judge(command({ text: "select 'three'" }));
    world.analyse = () => analysis(facts());
    world.decide = () => ({ ...PERMIT, outcome: "refuse" });
    await session.judge(command({ text: "delete 'four'" }));
    const own = log.filter(({ session: id }) => id === session.id);
    const events = sealed.map(({ kind, ref, text }) => `${kind} ${text}: ${own[ref - 1]?.event.type}`);
    expect(events).toEqual([
      "statement select 'one': statement",
      "statement selec 'two': statement",
      "statement select 'three': refused",
      "statement delete 'four': statement",
    ]);
  });
});
