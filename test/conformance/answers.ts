// A dba who answers whatever is asked, by the purpose that it states: `approved`, `denied`; anything else stays unanswered.
import { join } from "node:path";
import { LocalApprovalStore } from "#proxy/adapters/local-approval-store.ts";
import { apply } from "#shared/approval/apply.ts";
import type { Approver } from "#shared/approval/types.ts";

const DBA: Approver = {
  kind: "person",
  name: "dba",
  issuer: "https://issuer.example",
  subject: "u-2",
  groups: ["dba"],
};
const EVERY_MS = 100;

/** @param state the gateway's folder */
export function answerByPurpose(state: string): { stop(): void } {
  const store = new LocalApprovalStore(join(state, "index.db"), 2000);
  let over = false;
  const look = async () => {
    for (const { request, status } of await store.pending()) {
      if (status !== "open" || (request.purpose !== "approved" && request.purpose !== "denied")) continue;
      const decision = request.purpose === "approved" ? "approve" : "deny";
      const answer = { by: DBA, decision, reason: "a test", channel: "console", authentication: "oidc" } as const;
      await apply(store, request.id, { type: "answer", at: Date.now(), answer });
    }
  };
  const turn = async () => {
    while (!over) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    store.close();
  };
  void turn();
  return {
    stop: () => {
      over = true;
    },
  };
}
