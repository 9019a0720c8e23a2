// What takes two officers: one asks, another agrees, the gateway records it, and then it may be done by either for a while.

import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { newId } from "#proxy/adapters/ids.ts";
import { type LocalDoor, openLocalDoor } from "#proxy/adapters/local-door.ts";
import type { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { OfficerTable } from "#proxy/adapters/local-officers.ts";
import { samePerson } from "#shared/approval/quorum.ts";
import type { Approver } from "#shared/approval/types.ts";
import {
  agreeTo,
  askOfficers,
  type OfficerRefusal,
  type OfficerRequest,
  type OfficerWish,
} from "#shared/evidence/officers.ts";
import { formatTime, print } from "./evidence/home.ts";
import { columns, harmless } from "./evidence/table.ts";
import { openHome } from "./home.ts";
import { attempt, Problem } from "./problem.ts";
import { tokenFor, whoAsks } from "./tokens.ts";

/** How long the gateway has to record what was agreed. */
const PATIENCE_MS = 10_000;

const WORDS: Readonly<Record<OfficerRefusal, string>> = {
  "not-offered": "approvals.yaml names no officers",
  "not-a-person": "only a person can do this",
  "not-an-officer": "you are none of the officers that approvals.yaml names",
  "no-reason": "this needs a --reason",
  "the-same-person": "whoever asked cannot agree",
  "too-late": "the request has run out: ask again",
  "agreed-already": "somebody has agreed already",
};

export interface OfficerOptions {
  readonly as?: string;
  readonly reason?: string;
}

interface Officers {
  readonly door: LocalDoor;
  readonly table: OfficerTable;
  readonly person: Approver;
}

async function withOfficers<T>(as: string | undefined, action: (officers: Officers) => Promise<T>): Promise<T> {
  const home = openHome();
  const door = openLocalDoor(home.state);
  const table = new OfficerTable(join(home.state, "index.db"));
  try {
    const person = await door.verify(await tokenFor(home, whoAsks(home, as)));
    if ("refused" in person) throw new Problem(person.refused, 1);
    return await action({ door, table, person });
  } finally {
    table.close();
    door.close();
  }
}

function taken(result: OfficerRequest | OfficerRefusal): OfficerRequest {
  if (typeof result === "string") throw new Problem(WORDS[result], 1);
  return result;
}

/**
 * What this person and another have agreed on and the evidence knows of, if it is still in time; else asks for it.
 * @throws Problem with what is to be done next
 */
export async function agreedOn(
  evidence: LocalEvidence,
  wish: Omit<OfficerWish, "id">,
  { as, reason = "" }: OfficerOptions,
): Promise<OfficerRequest> {
  return withOfficers(as, async ({ door, table, person }) => {
    const now = Date.now();
    const known = table.all().find(({ request }) => matches(request, wish, person) && request.until >= now);
    if (known?.request.agreed !== null && known !== undefined) return recorded(evidence, table, known.request);
    if (known !== undefined) throw waits(known.request);
    const request = taken(
      askOfficers(door.approvals?.officers ?? null, { id: newId(now), ...wish }, person, reason, now),
    );
    table.enter(request);
    throw waits(request);
  });
}

function matches(request: OfficerRequest, { what, session }: Omit<OfficerWish, "id">, person: Approver): boolean {
  const theirs =
    samePerson(request.asked.by, person) || (request.agreed !== null && samePerson(request.agreed.by, person));
  return theirs && request.what === what && request.session === session;
}

function waits({ id, until }: OfficerRequest): Problem {
  const hint = `They run \`postern agree ${id} --reason ...\`; then run this again.`;
  return new Problem(`another officer has to agree until ${formatTime(until)} (request ${id})`, 1, hint);
}

/** Nothing is done before the evidence says that it will be. */
async function recorded(
  evidence: LocalEvidence,
  table: OfficerTable,
  request: OfficerRequest,
): Promise<OfficerRequest> {
  for (const end = Date.now() + PATIENCE_MS; ; await pause(200)) {
    const known = table.all().find((one) => one.request.id === request.id);
    if (known?.recorded === true && (await isInEvidence(evidence, request))) return known.request;
    if (Date.now() > end)
      throw new Problem("the gateway has not recorded it", 1, "Is it running? Nothing is opened without a trace.");
  }
}

async function isInEvidence(evidence: LocalEvidence, { id, agreed }: OfficerRequest): Promise<boolean> {
  for (const so of await evidence.sessions({ target: "gateway", since: agreed?.at ?? 0 }))
    for await (const { line } of evidence.lines(so))
      if ((line.event.type === "sealed.opened" || line.event.type === "sealed.shredded") && line.event.id === id)
        return true;
  return false;
}

export function registerAgree(program: Command): void {
  program
    .command("agree")
    .argument("[request]", "its id, or the start of it; those that wait are listed when left out")
    .description("agree to what another officer asks for: opening what a session has sealed, or destroying its key")
    .option("--as <identity>", "who agrees; the one who is signed in when left out")
    .option("--reason <text>", "why; it goes into the evidence")
    .action((id: string | undefined, { as, reason = "" }: OfficerOptions) =>
      attempt(() => (id === undefined ? list() : agree(id, as, reason))),
    );
}

/** Newest first. */
function waiting(table: OfficerTable): OfficerRequest[] {
  const all = table.all().map(({ request }) => request);
  return all.filter(({ agreed, until }) => agreed === null && until >= Date.now());
}

function agree(id: string, as: string | undefined, reason: string): Promise<void> {
  return withOfficers(as, async ({ door, table, person }) => {
    const [found, ...more] = waiting(table).filter((request) => request.id.startsWith(id));
    if (found === undefined || more.length > 0)
      throw new Problem(`there is no one request ${id}`, 1, "`postern agree` lists them.");
    const request = taken(agreeTo(door.approvals?.officers ?? null, found, person, reason, Date.now()));
    if (!table.agree(request)) throw new Problem(WORDS["agreed-already"], 1);
    await print(harmless(`agreed: ${title(request)}, until ${formatTime(request.until)}`));
  });
}

function title({ what, session, asked }: OfficerRequest): string {
  const deed = what === "open" ? "opens what is sealed of" : "destroys the key of";
  return `${asked.by.name} ${deed} session ${session}: ${asked.reason}`;
}

async function list(): Promise<void> {
  const table = new OfficerTable(join(openHome().state, "index.db"));
  try {
    const rows = waiting(table).map((request) => [request.id, formatTime(request.until), harmless(title(request))]);
    if (rows.length === 0) return print("nothing waits for an officer");
    for (const line of columns(["REQUEST", "UNTIL", "WHAT"], rows, [])) await print(line);
  } finally {
    table.close();
  }
}
