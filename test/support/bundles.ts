// Small policy bundles for tests: a clinic with one protected table, and policies of the test's own.
import { hash } from "node:crypto";
import type { DecisionRequest } from "#shared/decision.ts";
import type { Facts } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import { type BrokenBundle, type LoadedBundle, loadBundle } from "#shared/policy/bundle.ts";

export const CATALOG = `classes:
  ssn: { identifier: G, mask: redact }
  name: { identifier: A, mask: initial }
targets:
  clinic:
    schemas:
      public:
        patients:
          subject: id
          columns:
            id: none
            ssn: ssn
            full_name: name
            maiden_name: name
        parts*:
          columns: { id: none, owner: name }
        parts_public: none
        directory: derived
        drugs: none
      scratch: none
    functions:
      public.vouched: { reveals: nothing, reason: counts }
`;
export const TARGETS = `clinic:
  protocol: postgres
  host: db.example.org
  database: clinic
  user: postern_gateway
  credential: { type: file, path: credentials/clinic }
`;
export const APPROVALS = `groups:
  dba: { quorum: 1, channels: [console], timeoutMinutes: 10 }
  privacy: { quorum: 1, channels: [console], timeoutMinutes: 10 }
grants:
  once: { validMinutes: 15 }
`;
export const ALL = '@id("all") permit (principal, action, resource);';

export const sha256 = (text: string): string => hash("sha256", text, "hex");

export function load(files: Readonly<Record<string, string>>): LoadedBundle | BrokenBundle {
  return loadBundle(new Map(Object.entries(files)), sha256);
}

export function parts(access: string): Record<string, string> {
  return { "access.cedar": access, "catalog.yaml": CATALOG, "targets.yaml": TARGETS, "approvals.yaml": APPROVALS };
}

/** @throws with the problems, when there are any */
export function bundleOf(access: string): LoadedBundle {
  const bundle = load(parts(access));
  if ("problems" in bundle) throw new Error(JSON.stringify(bundle.problems));
  return bundle;
}

export function person(...groups: string[]): Principal {
  return {
    kind: "person",
    name: "ada",
    issuer: "https://idp.example.org",
    subject: "s-1",
    groups,
    amr: ["pwd"],
    expiresAt: 2_000_000_000,
  };
}

export function factsOf(more: Partial<Facts> = {}): Facts {
  return {
    kind: "select",
    complete: true,
    gaps: [],
    relations: [],
    influence: [],
    functions: [],
    outputs: null,
    flows: [],
    hasWhere: false,
    ...more,
  };
}

export function reads(relation: string, ...columns: string[]): Facts {
  return factsOf({
    relations: [{ relation, actions: ["read"], columns, system: false }],
    outputs: columns.map((column) => ({ name: column, sources: [{ relation, column }], direct: true })),
  });
}

export const NOON = Date.UTC(2026, 10, 21, 12);

export function ask(
  principal: Principal,
  facts: readonly Facts[],
  more: Partial<DecisionRequest> = {},
): DecisionRequest {
  return {
    principal,
    target: "clinic",
    question: { type: "command", facts },
    source: "127.0.0.1",
    time: NOON,
    ...more,
  };
}
