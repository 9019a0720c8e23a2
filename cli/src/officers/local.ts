// The officers' door at the local home: they ask and agree in a table, the gateway records it, and then it may be done by either for a while.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { newId } from "#proxy/adapters/ids.ts";
import { localWrappedKeys, openLocalDataKeyOpener } from "#proxy/adapters/local-data-keys.ts";
import { openLocalDoor } from "#proxy/adapters/local-door.ts";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { OfficerTable } from "#proxy/adapters/local-officers.ts";
import { samePerson } from "#shared/approval/quorum.ts";
import {
  agreeTo,
  askOfficers,
  OFFICER_REFUSALS,
  type OfficerRefusal,
  type OfficerRequest,
} from "#shared/evidence/officers.ts";
import { openHome } from "../home.ts";
import { Problem } from "../problem.ts";
import { tokenFor, whoAsks } from "../tokens.ts";
import type { OfficersDoor } from "./door.ts";

/** How long the gateway has to record what was agreed. */
const PATIENCE_MS = 10_000;

export async function localOfficers(as: string | undefined): Promise<OfficersDoor> {
  const home = openHome();
  const door = openLocalDoor(home.state);
  const table = new OfficerTable(join(home.state, "index.db"));
  const close = () => {
    table.close();
    door.close();
  };
  /** Nobody has to be signed in to see what waits. */
  const signedIn = async () => {
    const person = await door.verify(await tokenFor(home, whoAsks(home, as)));
    if ("refused" in person) throw new Problem(person.refused, 1);
    return person;
  };
  /** As the function of AWS does. @throws Problem */
  const stillHere = ({ asked, agreed }: OfficerRequest) => {
    if (door.isRevoked([asked.by.name, ...(agreed === null ? [] : [agreed.by.name])]))
      throw new Problem("you, or the other officer, have been offboarded", 1);
  };
  const rules = door.approvals?.officers ?? null;
  const keys = localWrappedKeys(join(home.state, "keys/sealed"));
  return {
    async waiting() {
      const all = table.all().map(({ request }) => request);
      return all.filter(({ agreed, until }) => agreed === null && until >= Date.now());
    },
    async agree(found, reason) {
      stillHere(found);
      const request = taken(agreeTo(rules, found, await signedIn(), reason, Date.now()));
      return table.agree(request) ? request : taken("agreed-already");
    },
    async ask(wish, reason) {
      const person = await signedIn();
      const now = Date.now();
      const theirs = ({ asked, agreed }: OfficerRequest) =>
        samePerson(asked.by, person) || (agreed !== null && samePerson(agreed.by, person));
      const known = table
        .all()
        .map(({ request }) => request)
        .find((one) => theirs(one) && one.what === wish.what && one.session === wish.session && one.until >= now);
      if (known !== undefined) return known;
      const request = taken(askOfficers(rules, { id: newId(now), ...wish }, person, reason, now));
      table.enter(request);
      return request;
    },
    async open(request, target) {
      stillHere(request);
      await recorded(home.state, table, request);
      const wrapped = await keys.get(request.session);
      if (wrapped === null)
        throw new Problem("the key of this session was destroyed: nobody can read what it has sealed", 1);
      const file = join(home.state, "keys/sealed.key");
      const opener = await openLocalDataKeyOpener(file).catch(() => {
        const hint = "It is the officers' half of the key; put it there for as long as you need it.";
        throw new Problem(`${file} cannot be read`, 1, hint);
      });
      return opener.open(wrapped, { session: request.session, target });
    },
    async shred(request) {
      stillHere(request);
      await recorded(home.state, table, request);
      await keys.destroy(request.session);
    },
    close,
  };
}

function taken(result: OfficerRequest | OfficerRefusal): OfficerRequest {
  if (typeof result === "string") throw new Problem(OFFICER_REFUSALS[result], 1);
  return result;
}

/** Nothing is done before the evidence says that it will be. */
async function recorded(state: string, table: OfficerTable, { id, agreed }: OfficerRequest): Promise<void> {
  const evidence = new LocalEvidence(state);
  try {
    for (const end = Date.now() + PATIENCE_MS; ; await pause(200)) {
      const known = table.all().find((one) => one.request.id === id);
      if (known?.recorded === true && (await isInEvidence(evidence, id, agreed?.at ?? 0))) return;
      if (Date.now() > end)
        throw new Problem("the gateway has not recorded it", 1, "Is it running? Nothing is opened without a trace.");
    }
  } finally {
    evidence.close();
  }
}

async function isInEvidence(evidence: LocalEvidence, id: string, since: number): Promise<boolean> {
  for (const so of await evidence.sessions({ target: "gateway", since }))
    for await (const { line } of evidence.lines(so))
      if ((line.event.type === "sealed.opened" || line.event.type === "sealed.shredded") && line.event.id === id)
        return true;
  return false;
}
