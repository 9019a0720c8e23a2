// pgbouncer in session pooling, which keeps a session's meaning as Postern does; TLS towards the client and, verified, towards PostgreSQL.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificates } from "#local/certificates.ts";
import { giveTo, runAs } from "#local/postgres-place.ts";
import { freePort, listening } from "#test/support/net.ts";
import { DATABASE, ROLE } from "./database.ts";
import type { Route } from "./route.ts";

export async function startBouncer(
  folder: string,
  certificates: Certificates,
  direct: Route,
): Promise<{ route: Route; process: ChildProcess }> {
  const home = join(folder, "pgbouncer");
  const port = await freePort();
  mkdirSync(home);
  writeFileSync(join(home, "userlist.txt"), `"${ROLE.user}" "${ROLE.password}"\n`, { mode: 0o600 });
  writeFileSync(join(home, "pgbouncer.ini"), bouncerConfig(home, port, direct));
  copyFileSync(certificates.caFile, join(home, "ca.pem"));
  copyFileSync(certificates.certFile, join(home, "tls.pem"));
  copyFileSync(certificates.keyFile, join(home, "tls.key"));
  giveTo(home);
  const child = spawn("pgbouncer", ["--quiet", join(home, "pgbouncer.ini")], { ...runAs, stdio: "ignore" });
  await listening(port, child);
  if (child.pid === undefined) throw new Error("pgbouncer did not start");
  return { process: child, route: { ...direct, name: "pgbouncer", port, pid: child.pid } };
}

function bouncerConfig(home: string, port: number, direct: Route): string {
  return `[databases]
${DATABASE} = host=localhost port=${direct.port} dbname=${DATABASE}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${home}/userlist.txt
logfile = ${home}/log
pool_mode = session
default_pool_size = 64
max_client_conn = 200
client_tls_sslmode = require
client_tls_cert_file = ${home}/tls.pem
client_tls_key_file = ${home}/tls.key
server_tls_sslmode = verify-full
server_tls_ca_file = ${home}/ca.pem
ignore_startup_parameters = extra_float_digits
`;
}
