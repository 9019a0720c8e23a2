// Three gateways at home behind a balancer: states of their own, and one folder that they share.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { RevocationTable } from "#proxy/adapters/local-revocations.ts";
import { runPostern } from "#test/support/approving.ts";
import type { TestFleet } from "#test/support/fleet.ts";
import { fleetStory } from "#test/support/fleet-story.ts";

const verify = async (fleet: TestFleet, at: number, session?: string) => {
  const args = ["verify", ...(session === undefined ? [] : [session]), "--json"];
  const { out, err } = await runPostern(args, { POSTERN_STATE: fleet.gateways[at]?.state as string });
  expect(err).toBe("");
  return JSON.parse(out) as { readonly ok: boolean; readonly recovered: string[]; readonly open: string[] };
};

fleetStory(
  (folder) => {
    const shared = join(folder, "shared");
    mkdirSync(shared);
    return {
      configuration: () => ({ fleet: { shared, listen: { port: 0 } } }),
      approvals: new LocalApprovalStore(join(shared, "index.db")),
      revoke(name) {
        const table = new RevocationTable(join(shared, "index.db"));
        table.enter({ name, by: "privacy", reason: "left", at: Date.now() });
        table.close();
      },
    };
  },
  async (fleet, session) => {
    await fleet.start(1);
    expect((await verify(fleet, 1)).recovered).toContain(session);
  },
  async (fleet) => {
    for (const at of [0, 1, 2]) expect(await verify(fleet, at)).toMatchObject({ ok: true });
  },
);
