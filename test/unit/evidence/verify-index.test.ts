// Whoever changes the index hides nothing: verification makes it anew and names the session.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import type { Recorder } from "#proxy/recorder/recorder.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";
import {
  newIdentity,
  OPENED,
  openTestRecorder,
  STATEMENT,
  temporaryState,
  useSession,
} from "#test/support/evidence.ts";
import { verifyStore } from "#test/support/memory-store.ts";

const state = temporaryState();
const ended = newIdentity();
const running = newIdentity("billing");
const shown: EvidenceEvent = {
  type: "disclosure",
  ref: 2,
  domain: "patients",
  classes: ["name"],
  relations: ["public.patients"],
  keyVersion: 1,
  subjects: ["ab".repeat(16)],
  complete: true,
  untold: 0,
};
let recorder: Recorder;

beforeAll(async () => {
  recorder = await openTestRecorder(state.path);
  const session = recorder.open(ended);
  await session.record({ ...OPENED, disclosureKey: 1 } as EvidenceEvent);
  session.note(STATEMENT);
  session.note(shown);
  await session.close("done");
  await useSession(recorder, running, 1);
});

afterAll(async () => {
  await recorder.close();
  state.remove();
});

async function verify() {
  const evidence = new LocalEvidence(state.path);
  try {
    return await verifyStore(evidence.store, join(state.path, "keys"), {
      index: evidence.indexCheck(),
      pending: () => evidence.pending(),
    });
  } finally {
    evidence.close();
  }
}

function change(...statements: readonly string[]): void {
  const db = new DatabaseSync(join(state.path, "index.db"));
  for (const statement of statements) db.exec(statement);
  db.close();
}

async function rebuild(): Promise<void> {
  const evidence = new LocalEvidence(state.path);
  await evidence.rebuildIndex();
  evidence.close();
}

it("is in step while sessions run and end", async () => {
  expect((await verify()).bad).toBeNull();
});

it.each([
  ["a session taken away", "DELETE FROM sessions WHERE session = '$'"],
  ["another name", "UPDATE sessions SET principal = 'nobody' WHERE session = '$'"],
  ["another time", "UPDATE sessions SET closed = closed - 86400000 WHERE session = '$'"],
  [
    "other counts",
    "UPDATE sessions SET summary = replace(summary, '\"statements\":1', '\"statements\":0') WHERE session = '$'",
  ],
  ["a relation taken away", "DELETE FROM session_words WHERE session = '$' AND kind = 'relation'"],
  ["a decision too many", "INSERT INTO session_words VALUES ('$', 'decision', 'refuse')"],
  ["a subject taken away", "DELETE FROM disclosed WHERE session = '$'"],
  ["a subject changed", "UPDATE disclosed SET subject = 'cd' WHERE session = '$'"],
])("finds %s", async (_what, statement) => {
  change(statement.replace("$", ended.session));
  const report = await verify();
  expect(report.bad).toMatchObject({ key: "index", session: ended.session });
  await rebuild();
  expect((await verify()).bad).toBeNull();
});

it("finds a session that never was", async () => {
  change(
    "INSERT INTO sessions SELECT 'FORGED', target, principal, acts_for, opened - 60000, closed, summary FROM sessions LIMIT 1",
  );
  expect((await verify()).bad).toMatchObject({ key: "index", session: "FORGED" });
  await rebuild();
});

it("is in step when a session reaches the store after the ledger was read", async () => {
  const late = recorder.open(newIdentity());
  await late.record(OPENED);
  const evidence = new LocalEvidence(state.path);
  // As if it had been open for long when the reading began.
  const now = vi.spyOn(Date, "now").mockReturnValueOnce(Date.now() + 60_000);
  const index = evidence.indexCheck();
  now.mockRestore();
  const report = await verifyStore(evidence.store, join(state.path, "keys"), {
    index: {
      ...index,
      async difference(running, entries) {
        await late.close("done");
        return index.difference(running, entries);
      },
    },
  });
  evidence.close();
  expect(report.bad).toBeNull();
});
