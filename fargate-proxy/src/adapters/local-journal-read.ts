// Reads a journal that another process may be writing: what is durable is seen, what is half written is not.
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { readAnnouncement } from "#shared/evidence/announce.ts";
import type { ObjectRecord } from "#shared/evidence/segment.ts";
import type { Pending } from "#shared/evidence/verify-types.ts";
import { journalUnits } from "./local-journal.ts";
import { BATCH_HEADER, journalFileName, readBatch } from "./local-journal-file.ts";

/** Goes through a journal's lines, and later through those that were added. */
export class JournalReader {
  readonly #folder: string;
  #unit = 0;
  #at = 0;
  #file: FileHandle | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The lines since the last call, in order, of events and announcements alike. */
  async *more(): AsyncGenerator<string> {
    for (;;) {
      if (this.#file !== null) yield* this.#rest(this.#file);
      const next = (await journalUnits(this.#folder)).find((unit) => unit > this.#unit);
      if (next === undefined) return;
      // What was added between the last look at this file and the beginning of the next one.
      if (this.#file !== null) yield* this.#rest(this.#file);
      await this.#enter(next);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  async #enter(unit: number): Promise<void> {
    await this.close();
    this.#unit = unit;
    this.#at = 0;
    // A file can be recycled between listing and opening; the one after it is next then.
    this.#file = await open(join(this.#folder, journalFileName(unit)), "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
  }

  async *#rest(file: FileHandle): AsyncGenerator<string> {
    for (;;) {
      const bytes = await readBatch(file, this.#unit, this.#at);
      if (bytes === null) return;
      this.#at += BATCH_HEADER + bytes.length;
      for (const line of Buffer.from(bytes).toString("utf8").split("\n")) if (line !== "") yield line;
    }
  }
}

/** All that the journal holds now. Empty when there is none. */
export async function readPending(folder: string): Promise<Pending> {
  const lines = new Map<string, Lines>();
  const announced: ObjectRecord[] = [];
  const reader = new JournalReader(folder);
  try {
    for await (const text of reader.more()) {
      const seal = readAnnouncement(text);
      const [, session, seq] = LINK.exec(text) ?? [];
      if (seal !== null) announced.push(seal);
      else if (session !== undefined) lines.set(session, add(lines.get(session), Number(seq), text));
    }
  } finally {
    await reader.close();
  }
  return { lines: new Map([...lines].map(([session, { texts }]) => [session, texts])), announced };
}

const LINK = /"postern":\{(?:"v":1,)?"session":"([^"]*)","seq":(\d+)/;

interface Lines {
  readonly first: number;
  readonly texts: string[];
}

/** A batch whose failure was not one stands there twice, the same both times. */
function add(lines: Lines | undefined, seq: number, text: string): Lines {
  if (lines === undefined) return { first: seq, texts: [text] };
  if (lines.texts[seq - lines.first] !== text) lines.texts.push(text);
  return lines;
}
