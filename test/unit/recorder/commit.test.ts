import { describe, expect, it, vi } from "vitest";
import { Batch, GroupCommit } from "#proxy/recorder/commit.ts";
import { Holding, Units } from "#proxy/recorder/units.ts";
import { Refusal } from "#shared/errors.ts";
import type { JournalPort } from "#shared/evidence/ports.ts";

/** A journal whose writes wait until they are let through, or fail. */
class SlowJournal implements JournalPort {
  readonly written: string[] = [];
  readonly released: number[] = [];
  failing = false;
  attempts = 0;
  unit = 1;
  #waiting: (() => void)[] = [];
  held = false;

  async write(batch: Uint8Array): Promise<number> {
    const text = Buffer.from(batch).toString();
    this.attempts += 1;
    if (this.held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failing) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    this.written.push(text);
    return this.unit;
  }
  letGo(): void {
    this.held = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  release(unit: number): Promise<void> {
    this.released.push(unit);
    return Promise.resolve();
  }
  async *read(): AsyncGenerator<never> {}
  forget(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function setUp(heldBytes = 1000) {
  const journal = new SlowJournal();
  const problems: string[] = [];
  const units = new Units(journal, (message) => problems.push(message));
  const commit = new GroupCommit(journal, { retryMs: 5, heldBytes, onProblem: (message) => problems.push(message) });
  const append = (text: string, owner = new Holding(units)) => {
    const batch = commit.batch(true);
    batch.append(text, owner);
    return { done: batch.done, durable: batch.durable, owner };
  };
  const note = (text: string) => void commit.batch(false).append(text, new Holding(units));
  return { journal, problems, units, commit, append, note };
}

describe("group commit", () => {
  it("writes what came in one turn at once, and gathers while a write is under way", async () => {
    const { journal, append } = setUp();
    journal.held = true;
    const first = ["a", "b"].map((text) => append(text).done);
    await vi.waitFor(() => expect(journal.held).toBe(true));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = ["c", "d", "é"].map((text) => append(text).done);
    journal.letGo();
    await Promise.all([...first, ...second]);
    expect(journal.written).toEqual(["a\nb\n", "c\nd\né\n"]);
  });

  it("answers nobody before the write is done", async () => {
    const { journal, append } = setUp();
    journal.held = true;
    let answered = false;
    const done = append("a").done.then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    journal.letGo();
    await done;
    expect(answered).toBe(true);
  });

  it("refuses while the journal fails, keeps the lines in order, and writes them before anything new", async () => {
    const { journal, commit, append, problems } = setUp();
    journal.failing = true;
    const first = append("one");
    const refusal = await first.done.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect((refusal as Refusal).code).toBe("evidence-unavailable");
    expect(commit.available).toBe(false);
    const second = append("two");
    await expect(second.done).rejects.toBeInstanceOf(Refusal);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(journal.written).toEqual([]);

    journal.failing = false;
    await Promise.all([first.durable, second.durable]);
    await vi.waitFor(() => expect(commit.available).toBe(true));
    await append("three").done;
    expect(journal.written.join("")).toBe("one\ntwo\nthree\n");
    expect(problems).toEqual([
      "the journal cannot be written (ENOSPC): nothing may run",
      "the journal can be written again",
    ]);
  });

  it("also refuses what was gathered while the write that fails was under way", async () => {
    const { journal, append } = setUp();
    journal.held = true;
    const first = append("one");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = append("two");
    journal.failing = true;
    journal.letGo();
    await expect(first.done).rejects.toBeInstanceOf(Refusal);
    await expect(second.done).rejects.toBeInstanceOf(Refusal);
    journal.failing = false;
    await second.durable;
    expect(journal.written.join("")).toBe("one\ntwo\n");
  });

  it("lets lines that nothing waits for go with those that something waits for, or by themselves a little later", async () => {
    const { journal, commit, append, note } = setUp();
    note("a");
    await new Promise((resolve) => setImmediate(resolve));
    expect(journal.written).toEqual([]);
    await append("b").done;
    expect(journal.written).toEqual(["a\nb\n"]);
    note("c");
    await vi.waitFor(() => expect(journal.written).toEqual(["a\nb\n", "c\n"]));
    note("d");
    await commit.flush();
    expect(journal.written).toHaveLength(3);
  });

  it("says when memory is full, and flushes to the end", async () => {
    const { journal, commit, append } = setUp(50);
    journal.failing = true;
    await append("x".repeat(60)).done.catch(() => undefined);
    expect(commit.full).toBe(true);
    journal.failing = false;
    await commit.flush();
    expect(journal.written).toHaveLength(1);
    expect(commit.full).toBe(false);
  });

  it("leaves no batch behind when lines keep coming", async () => {
    const { journal, append } = setUp();
    const all: Promise<void>[] = [];
    for (let i = 0; i < 500; i++) {
      all.push(append(`line ${i}`).done);
      if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(journal.written.join("")).toBe(Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join(""));
    expect(journal.written.length).toBeLessThan(200);
  });

  it("writes nothing more once it is stopped: what waits is refused, now and later", async () => {
    const { journal, commit, append, note } = setUp();
    journal.failing = true;
    const refused = { code: "evidence-unavailable" };
    await expect(append("a").done).rejects.toMatchObject(refused);
    // An attempt is under way.
    journal.held = true;
    await vi.waitFor(() => expect(journal.attempts).toBeGreaterThan(1), 10_000);
    commit.stop();
    expect(commit.available).toBe(false);
    journal.failing = false;
    journal.letGo();
    await expect(append("b").done).rejects.toMatchObject(refused);
    note("c");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(commit.available).toBe(false);
    expect(journal.written.filter((text) => text !== "a\n")).toEqual([]);
  });
});

describe("a batch", () => {
  it("grows, and keeps any text", () => {
    const batch = new Batch();
    const owner = { landed: () => undefined };
    const texts = ["a".repeat(20_000), "ü𝒳\u0000", "b".repeat(40_000)];
    const places = texts.map((text) => ({ start: batch.append(text, owner), end: batch.length - 1 }));
    expect(places.map(({ start, end }) => batch.bytes.toString("utf8", start, end))).toEqual(texts);
  });
});

describe("units", () => {
  it("go when all their lines are safe and another one has begun, and not before", async () => {
    const { journal, append } = setUp();
    const [a, b] = [append("a"), append("b")];
    await Promise.all([a.done, b.done]);
    a.owner.release();
    expect(journal.released).toEqual([]);
    b.owner.release();
    // More can land in it still.
    expect(journal.released).toEqual([]);
    journal.unit = 2;
    const c = append("c");
    await c.done;
    expect(journal.released).toEqual([1]);
    c.owner.release();
    expect(journal.released).toEqual([1]);
    c.owner.release();
    expect(journal.released).toEqual([1]);
  });
});
