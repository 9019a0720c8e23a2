// After an approval, exactly the command that was approved runs, once: whatever else is sent instead asks again.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Circumstances, Command } from "#proxy/protocol.ts";
import { CONTEXT } from "#test/support/fake-gate.ts";
import { CIRCUMSTANCES, events, ground, outcome, SNAPSHOT, send } from "#test/support/held-gate.ts";

interface Run {
  readonly text: string;
  readonly values: readonly (Uint8Array | null)[];
  readonly types: readonly number[];
  readonly searchPath: readonly string[];
  readonly timeZone: string;
  readonly role: string;
}

const run: fc.Arbitrary<Run> = fc.record({
  text: fc
    .string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" })
    .map((id) => `delete from prescriptions where id = '${id}'`),
  values: fc.array(fc.option(fc.uint8Array({ maxLength: 4 })), { minLength: 1, maxLength: 2 }),
  types: fc.array(fc.constantFrom(0, 20, 23, 25), { maxLength: 2 }),
  searchPath: fc.array(fc.constantFrom("public", "scratch", "a"), { minLength: 1, maxLength: 2 }),
  timeZone: fc.constantFrom("UTC", "Asia/Tokyo"),
  role: fc.constantFrom("gateway", "other"),
});

function circumstancesOf({ values, types, timeZone, role }: Run): Circumstances {
  const settings = { TimeZone: timeZone, session_authorization: role };
  return { ...CIRCUMSTANCES, bound: { types, formats: [], values }, settings };
}

function commandOf(of: Run): Partial<Command> {
  return {
    text: of.text,
    context: { ...CONTEXT, searchPath: of.searchPath },
    binds: of.values.length,
    circumstances: () => circumstancesOf(of),
  };
}

/** One part of the command, changed by little. */
const change = fc.constantFrom<(of: Run) => Run>(
  (of) => ({ ...of, text: `${of.text} ` }),
  (of) => ({ ...of, text: of.text.replace("'", "'0") }),
  (of) => ({ ...of, text: of.text.replace("delete", "DELETE") }),
  (of) => ({ ...of, values: of.values.map((v, i) => (i > 0 ? v : Uint8Array.from([...(v ?? []), 0]))) }),
  (of) => ({ ...of, values: [...of.values, null] }),
  (of) => ({ ...of, types: [...of.types, 23] }),
  (of) => ({ ...of, searchPath: [...of.searchPath, "b"] }),
  (of) => ({ ...of, timeZone: "Europe/Vienna" }),
  (of) => ({ ...of, role: "somebody" }),
);

const state = (at: Awaited<ReturnType<typeof ground>>) => at.fake.approvals.requests.map((s) => s.status);

test("another command than the approved one never runs by its approval", async () => {
  await fc.assert(
    fc.asyncProperty(run, change, async (approved, changed) => {
      const at = await ground({ approval: "retry" });
      expect(await outcome(await send(at, commandOf(approved)))).toBe("approval-pending");
      at.fake.approvals.approve();
      expect(await outcome(await send(at, commandOf(changed(approved))))).toBe("approval-pending");
      expect(events(at, "execute")).toEqual([]);
      expect(state(at)).toEqual(["approved", "open"]);
      expect(typeof (await outcome(await send(at, commandOf(approved))))).toBe("object");
      expect(await outcome(await send(at, commandOf(approved)))).toBe("approval-pending");
      expect(events(at, "execute")).toHaveLength(1);
    }),
  );
});

test("what changes between the request and the approval makes another command of it", async () => {
  await fc.assert(
    fc.asyncProperty(run, change, fc.boolean(), async (asked, changed, catalog) => {
      const at = await ground();
      let now = asked;
      const sent = await send(at, { ...commandOf(asked), circumstances: () => circumstancesOf(now) });
      expect(await outcome(sent)).toBe("waits");
      if (catalog) at.fake.world.snapshot = { ...SNAPSHOT, serverVersion: 180_001 };
      else now = changed(asked);
      at.fake.approvals.approve();
      const moved = catalog || JSON.stringify(circumstancesOf(now)) !== JSON.stringify(circumstancesOf(asked));
      const after = await outcome(sent);
      expect(moved ? after : typeof after).toBe(moved ? "approval-changed" : "object");
      expect(events(at, "execute")).toHaveLength(moved ? 0 : 1);
    }),
  );
});
