// pgbouncer in session pooling, which keeps a session's meaning as Postern does; TLS towards the client, none on loopback behind it.
import { type ChildProcess, spawn } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, listening } from "#test/support/net.ts";
import { DATABASE, ROLE } from "./database.ts";
import type { Route } from "./route.ts";
import { type Certificate, handOver, servant } from "./servant.ts";

export async function startBouncer(
  folder: string,
  certificate: Certificate,
  direct: Route,
): Promise<{ route: Route; process: ChildProcess }> {
  const home = join(folder, "pgbouncer");
  mkdirSync(home);
  const port = await freePort();
  const owner = servant();
  if (owner !== undefined) chownSync(home, owner.uid, owner.gid);
  const plain = {
    "userlist.txt": `"${ROLE.user}" "${ROLE.password}"\n`,
    "pgbouncer.ini": bouncerConfig(home, port, direct),
  };
  for (const [name, text] of Object.entries(plain)) {
    const drafted = join(folder, name);
    writeFileSync(drafted, text, { mode: 0o600 });
    handOver(drafted, join(home, name));
  }
  handOver(certificate.cert, join(home, "tls.pem"));
  handOver(certificate.key, join(home, "tls.key"));
  const child = spawn("pgbouncer", ["--quiet", join(home, "pgbouncer.ini")], { ...owner, stdio: "ignore" });
  await listening(port, child);
  if (child.pid === undefined) throw new Error("pgbouncer did not start");
  return { process: child, route: { ...direct, name: "pgbouncer", port, pid: child.pid } };
}

function bouncerConfig(home: string, port: number, direct: Route): string {
  return `[databases]
${DATABASE} = host=${direct.host} port=${direct.port} dbname=${DATABASE}
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
server_tls_sslmode = disable
ignore_startup_parameters = extra_float_digits
`;
}
