// Who somebody is at the local home: whoever shows a token of an issuer that the gateway knows is who the token says, and nobody else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Approver } from "#shared/approval/types.ts";
import { Refusal } from "#shared/errors.ts";
import type { Principal } from "#shared/identity.ts";
import type { Approvals } from "#shared/policy/approvals-file.ts";
import { type Config, parseConfig } from "../config.ts";
import { createIdentity, type Revocations } from "./identity.ts";
import { localApprovalsFile } from "./local-reviews.ts";
import { RevocationTable } from "./local-revocations.ts";

export interface LocalDoor {
  readonly config: Config;
  /** Null when the bundle's cannot be read. */
  readonly approvals: Approvals | null;
  verify(token: string): Promise<Approver | { readonly refused: string }>;
  isRevoked(names: readonly string[]): boolean;
  close(): void;
}

/** @param state the home's folder, with the gateway's configuration in it. @throws when either cannot be read */
export function openLocalDoor(state: string): LocalDoor {
  const path = join(state, "proxy.json");
  const config = parseConfig(path, readFileSync(path, "utf8"));
  const table = new RevocationTable(join(state, "index.db"));
  const identity = createIdentity({
    issuers: config.issuers.map(({ caFile, ...issuer }) => ({
      ...issuer,
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
    })),
    oauth: config.oauth,
    revocations: revocationsOf(table),
  });
  return {
    config,
    approvals: localApprovalsFile(state, config.policy),
    async verify(token) {
      const principal = await identity.verify(token);
      return principal instanceof Refusal ? { refused: principal.message } : approverOf(principal);
    },
    isRevoked: (names) => table.all().some((revocation) => names.includes(revocation.name)),
    close() {
      identity.close();
      table.close();
    },
  };
}

function approverOf({ kind, name, issuer, subject, email, groups }: Principal): Approver {
  return { kind, name, issuer, subject, groups, ...(email === undefined ? {} : { email }) };
}

/** As they are now: a command is over before they change. */
function revocationsOf(table: RevocationTable): Revocations {
  const names = new Set(table.all().map((revocation) => revocation.name));
  return {
    isRevoked: ({ name, actsFor }) => names.has(name) || (actsFor !== undefined && names.has(actsFor)),
    available: true,
    onChange: () => () => {},
  };
}
