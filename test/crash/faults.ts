// What a recorder may meet besides its own death: a store that is slow or fails, a disk without room, a clock that jumps, a journal
// that gives what it was given more than once and in any order. Random, so that a kill meets every mixture.

import type { RecorderOptions } from "#proxy/recorder/options.ts";
import type { JournalBatch, JournalPort } from "#shared/evidence/ports.ts";

export const FAULTS = [
  "none",
  "slow store",
  "failing store",
  "full disk",
  "clock jumps",
  "repeated and reordered",
] as const;
export type Fault = (typeof FAULTS)[number];

const DAY = 86_400_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const chance = (of: number) => Math.random() < of;
const failure = (code: string) => Object.assign(new Error(code), { code });

/** The same parts, with the fault in them. */
export function withFault(parts: RecorderOptions, fault: Fault): RecorderOptions {
  switch (fault) {
    case "none":
      return parts;
    case "slow store":
      return { ...parts, store: around(parts.store, ["put", "replace"], () => pause(Math.random() * 60)) };
    case "failing store":
      return {
        ...parts,
        store: around(parts.store, ["put", "replace"], failNow(0.05), failNow(0.05)),
        journal: around(parts.journal, ["write"], failNow(0.02), failNow(0.02)),
      };
    case "full disk": {
      // Room comes and goes for all at once, as it does on one disk.
      const full = () =>
        Math.floor(performance.now() / 60) % 3 === 0 ? Promise.reject(failure("ENOSPC")) : Promise.resolve();
      return {
        ...parts,
        store: around(parts.store, ["put", "replace"], full),
        journal: around(parts.journal, ["write"], full),
        spool: around(parts.spool, ["append"], full),
      };
    }
    case "clock jumps": {
      let offset = 0;
      const now = () => {
        if (chance(0.05)) offset = Math.round((Math.random() - 0.5) * 4 * DAY);
        return parts.clock.now() + offset;
      };
      return { ...parts, clock: { ...parts.clock, now } };
    }
    case "repeated and reordered":
      return { ...parts, journal: repeating(parts.journal) };
  }
}

/** Fails before the effect, or after it: then whoever asked cannot know that it happened. */
const failNow = (share: number) => () => (chance(share) ? Promise.reject(failure("EIO")) : Promise.resolve());

function around<T extends object>(
  port: T,
  methods: readonly (keyof T)[],
  before: () => Promise<unknown>,
  after: () => Promise<unknown> = () => Promise.resolve(),
): T {
  return new Proxy(port, {
    get(target, name) {
      const method = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      if (!methods.includes(name as keyof T)) return method.bind(target);
      return async (...args: unknown[]) => {
        await before();
        const result = await method.apply(target, args);
        await after();
        return result;
      };
    },
  });
}

function repeating(journal: JournalPort): JournalPort {
  const wrapped = around(journal, ["write"], () => Promise.resolve(), failNow(0.1));
  return new Proxy(wrapped, {
    get(target, name) {
      if (name === "read") return () => shuffled(journal);
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function* shuffled(journal: JournalPort): AsyncGenerator<JournalBatch> {
  const batches: JournalBatch[] = [];
  for await (const batch of journal.read()) batches.push(batch, ...(chance(0.3) ? [batch] : []));
  for (let i = batches.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [batches[i], batches[j]] = [batches[j] as JournalBatch, batches[i] as JournalBatch];
  }
  yield* batches;
}
