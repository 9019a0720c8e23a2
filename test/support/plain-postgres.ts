// The PostgreSQL protocol as a gateway on the loopback address speaks it, without TLS.
import { randomBytes } from "node:crypto";
import { dialer } from "#proxy/adapters/socket.ts";
import { CancelKeys } from "#proxy/protocols/postgres/cancel.ts";
import { createPostgres } from "#proxy/protocols/postgres/postgres.ts";

export function plainPostgres(): ReturnType<typeof createPostgres> {
  return createPostgres({
    tls: null,
    allowPlaintextLoopback: true,
    dialer,
    authorities: new Map(),
    connectMs: 5000,
    authentication: "password",
    oauth: { configuration: "", scope: "" },
    cancelKeys: new CancelKeys(randomBytes),
    loginMs: 10_000,
    log: { info() {}, warn() {}, error() {} },
    onCancel() {},
    onDiscovery() {},
    clock: { now: Date.now, micros: () => Math.round(performance.now() * 1000) },
    searchPath: () => ["public"],
    pending: 100,
    onCrowded() {},
  });
}
