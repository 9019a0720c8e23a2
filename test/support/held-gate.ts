// A gate over fakes whose policy holds one DELETE for the approval of a dba.
import { setImmediate as turn } from "node:timers/promises";
import type { Permit } from "#proxy/gate/permit.ts";
import { GateSession } from "#proxy/gate/session.ts";
import type { Circumstances, Claim, Command, Notice, Permitted } from "#proxy/protocol.ts";
import type { CatalogSnapshot } from "#shared/catalog.ts";
import type { Decision } from "#shared/decision.ts";
import { Refusal } from "#shared/errors.ts";
import type { Facts } from "#shared/facts.ts";
import { analysis, CLAIM, command, type FakeGate, facts, fakeGate, PERMIT } from "./fake-gate.ts";

export const HOLD: Decision = {
  ...PERMIT,
  outcome: "hold",
  policies: ["with-approval"],
  why: "engineer asks to delete from public.prescriptions at clinic",
  obligations: [{ type: "approval", groups: ["dba"] }],
};

export const DELETE: Facts = facts({
  kind: "delete",
  outputs: null,
  hasWhere: true,
  relations: [{ relation: "public.prescriptions", actions: ["delete"], columns: ["id"], system: false }],
});

export const SNAPSHOT: CatalogSnapshot = {
  target: "clinic",
  database: "clinic",
  serverVersion: 180000,
  fingerprint: "f",
  searchPath: ["public"],
  role: "gateway",
  schemas: ["public"],
  relations: [],
  types: [],
  functions: [],
};

export const TEXT = "delete from prescriptions where id = 7";
export const CIRCUMSTANCES: Circumstances = { bound: null, settings: { TimeZone: "UTC" }, locks: false };

export interface Ground {
  readonly fake: FakeGate;
  readonly session: GateSession;
  readonly notices: Notice[];
}

export async function ground(claim: Partial<Claim> = {}): Promise<Ground> {
  const fake = await fakeGate();
  fake.world.snapshot = SNAPSHOT;
  const found = analysis(DELETE);
  fake.world.analyse = () => found;
  fake.world.decide = (question) => (question === "connect" ? PERMIT : HOLD);
  const session = await fake.gate.admit({ ...CLAIM, ...claim });
  if (!(session instanceof GateSession)) throw new Error(`refused: ${(session as Refusal).code}`);
  return { fake, session, notices: [] };
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

/** Sends a command; `verdict` is there once it is decided. */
export async function send({ session, notices }: Ground, more: Partial<Command> = {}) {
  const sent: { verdict: Permitted | Refusal | undefined } = { verdict: undefined };
  const judged = session.judge(command({ text: TEXT, waits: (notice) => void notices.push(notice), ...more }));
  void Promise.resolve(judged).then((verdict) => {
    sent.verdict = verdict;
  });
  await settle();
  return sent;
}

/** The permit, if the command runs; otherwise the code of the refusal. */
export async function outcome(sent: { verdict: Permitted | Refusal | undefined }): Promise<Permit | string> {
  await settle();
  const { verdict } = sent;
  if (verdict === undefined) return "waits";
  return verdict instanceof Refusal ? verdict.code : verdict.permit;
}

export const events = ({ fake }: Ground, type: string) =>
  fake.log.flatMap(({ event }) => (event.type === type ? [event] : []));
