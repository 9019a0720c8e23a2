// A task that has stopped leaves its journal: what is in it and nowhere else becomes segments, and its open sessions get their end.

import { putOnce, TakenByOthers } from "#shared/evidence/ledger-write.ts";
import type { JournalPort, StorePort } from "#shared/evidence/ports.ts";
import {
  announcedEnds,
  findSessions,
  finishSession,
  type JournalContent,
  type RecoveryTools,
  readJournal,
  storedObjects,
} from "#shared/evidence/recovery.ts";

export interface RecoverParts extends Omit<RecoveryTools, "store"> {
  readonly store: StorePort;
  /** Takes a task's journal over: when this has resolved, the task cannot write to it any more, alive or not. */
  openJournal(task: string): Promise<JournalPort>;
}

export interface Recovered {
  readonly task: string;
  /** Sessions that got their end from here. */
  readonly sessions: number;
}

/** A run beside this one stored an object first: what it left is looked at again. */
const ATTEMPTS = 5;

/**
 * Called again, or by several at once, it comes to the same.
 * @param time when its sessions ended at the latest, in milliseconds since the epoch
 */
export async function recoverTask(parts: RecoverParts, task: string, time: number): Promise<Recovered> {
  const journal = await parts.openJournal(task);
  try {
    const content = await readJournal(journal.read());
    let sessions = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        sessions += await finishAll(parts, content, time);
        break;
      } catch (error) {
        if (!(error instanceof TakenByOthers) || attempt === ATTEMPTS) throw error;
      }
    }
    await journal.forget();
    return { task, sessions };
  } finally {
    await journal.close();
  }
}

async function finishAll(parts: RecoverParts, content: JournalContent, time: number): Promise<number> {
  let ended = 0;
  // After the journal was read: who empties it has stored before what was in it.
  for (const session of findSessions(await storedObjects(parts.store, content.lines), content)) {
    const fresh = await finishSession(parts, session, {
      time,
      cuts: announcedEnds(content, session.id),
      // The object that has the line is all that is needed: nobody goes on with this journal.
      keep: () => Promise.resolve(),
      seal: async (make) => {
        const { record, bytes } = await make();
        await putOnce(parts.store, record.key, bytes, record);
      },
    });
    if (fresh) ended += 1;
  }
  return ended;
}
