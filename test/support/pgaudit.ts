// Debian's PostgreSQL with pgaudit, a small clinic in it, and the real gateway before it.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ensureCertificates } from "#local/certificates.ts";
import { runAs } from "#local/postgres-place.ts";
import { parts } from "./bundles.ts";
import { prepareGateway } from "./gateway.ts";
import { freePort, listening } from "./net.ts";
import { ROOT } from "./project.ts";

export const PREFIX = "%m [%p] %u@%d %h %a ";
const SECRET = "the-gateways-own";
const ACCESS = `@id("all") permit (principal, action, resource);
@id("hide") forbid (principal, action == Action::"reveal", resource);`;
const SETTINGS = `
shared_preload_libraries = 'pgaudit'
logging_collector = on
log_destination = 'stderr,csvlog,jsonlog'
log_line_prefix = '${PREFIX}'
log_connections = on
log_timezone = 'UTC'
ssl = on
fsync = off
pgaudit.log = 'all'
pgaudit.log_relation = on
pgaudit.role = 'auditors'
`;
const CLINIC = `
CREATE EXTENSION pgaudit;
CREATE ROLE auditors;
CREATE TABLE patients (id int PRIMARY KEY, ssn text, full_name text, maiden_name text);
CREATE TABLE drugs (id int PRIMARY KEY, name text);
CREATE SCHEMA scratch;
CREATE TABLE scratch.doses (id int PRIMARY KEY, drug int REFERENCES drugs, note text);
CREATE TABLE scratch.log (what text);
CREATE FUNCTION scratch.logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO scratch.log VALUES (NEW.note); RETURN NEW; END $$;
CREATE TRIGGER logs AFTER INSERT ON scratch.doses FOR EACH ROW EXECUTE FUNCTION scratch.logs();
INSERT INTO patients SELECT n, '900-00-000' || n, 'Name ' || n, 'Maiden ' || n FROM generate_series(1, 5) n;
INSERT INTO drugs SELECT n, 'Drug ' || n FROM generate_series(1, 5) n;
GRANT SELECT ON drugs, patients TO auditors;
GRANT ALL ON ALL TABLES IN SCHEMA public, scratch TO postern_gateway;
GRANT USAGE ON SCHEMA scratch TO postern_gateway;`;

/** Policy takes the trigger's function as it is. */
const declared = (text: string): string =>
  text.replace("    functions:\n", "    functions:\n      scratch.logs: { reveals: nothing, reason: copies a note }\n");

export interface Audited {
  /** Through the gateway. The caller ends it. */
  client(identity: string): Promise<pg.Client>;
  /** Straight to the database, as the gateway's role or another. The caller ends it. */
  direct(user: string, application: string): Promise<pg.Client>;
  /** The server's log in one of its formats, once it says this. */
  log(format: "log" | "csv" | "json", saying: string): Promise<string>;
  readonly policy: string;
  /** The gateway's folder. */
  readonly state: string;
  stop(): Promise<void>;
}

/** It listens before it lets anybody in; line 8 of the file says when it does. */
async function accepting(postmaster: string): Promise<void> {
  for (let tries = 0; readFileSync(postmaster, "utf8").split("\n")[7]?.trim() !== "ready"; tries++) {
    if (tries > 600) throw new Error("PostgreSQL does not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function startAudited(): Promise<Audited> {
  const folder = mkdtempSync(join(tmpdir(), "postern-pgaudit-"));
  chmodSync(folder, 0o755);
  const programs = execFileSync(join(ROOT, "test/scenarios/pgaudit.sh"), { encoding: "utf8" }).trim();
  const certificates = await ensureCertificates(folder);
  const data = join(folder, "pg");
  mkdirSync(data, { mode: 0o700 });
  const own = (path: string) => "uid" in runAs && chownSync(path, runAs.uid, runAs.gid);
  own(data);
  const password = join(folder, "password");
  writeFileSync(password, SECRET);
  own(password);
  const how = [
    "-D",
    data,
    "-U",
    "postgres",
    `--pwfile=${password}`,
    "--auth=scram-sha-256",
    "--locale=C",
    "--encoding=UTF8",
  ];
  execFileSync(join(programs, "initdb"), [...how, "--no-sync"], { ...runAs, cwd: data, stdio: "ignore" });
  appendFileSync(join(data, "postgresql.conf"), SETTINGS);
  for (const [name, from] of [
    ["server.crt", certificates.certFile],
    ["server.key", certificates.keyFile],
  ] as const) {
    writeFileSync(join(data, name), readFileSync(from), { mode: 0o600 });
    own(join(data, name));
  }
  const port = await freePort();
  const at = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
  const server = spawn(join(programs, "postgres"), at, { ...runAs, cwd: data, stdio: "ignore" });
  process.once("exit", () => server.kill("SIGKILL"));
  await listening(port, server, 60_000);
  await accepting(join(data, "postmaster.pid"));
  const ca = readFileSync(certificates.caFile, "utf8");
  const connected = async (config: pg.ClientConfig) => {
    const client = new pg.Client({ host: "localhost", port, database: "clinic", ssl: { ca }, ...config });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const direct = (user: string, application: string) =>
    connected({ user, password: SECRET, application_name: application });
  const admin = await connected({ user: "postgres", password: SECRET, database: "postgres" });
  await admin.query(`CREATE ROLE postern_gateway LOGIN PASSWORD '${SECRET}'`);
  await admin.query(`CREATE ROLE backup LOGIN PASSWORD '${SECRET}' IN ROLE pg_read_all_data`);
  await admin.query("CREATE DATABASE clinic");
  await admin.end();
  const maker = await direct("postgres", "setup");
  await maker.query("SET pgaudit.log = 'none'");
  await maker.query(CLINIC);
  await maker.end();
  const policy = join(folder, "policy");
  mkdirSync(policy);
  for (const [name, text] of Object.entries(parts(ACCESS))) writeFileSync(join(policy, name), declared(text));
  mkdirSync(join(folder, "gateway"));
  const target = { name: "clinic", port, password: SECRET };
  const gateway = await prepareGateway({ folder: join(folder, "gateway"), certificates, policy, target });
  const child = await gateway.start();
  const ended = async (process: ReturnType<typeof spawn>, signal: NodeJS.Signals) => {
    const gone = once(process, "exit");
    process.kill(signal);
    await gone;
  };
  return {
    policy,
    state: gateway.state,
    direct,
    client: (identity) =>
      connected({ port: gateway.port, user: identity, password: gateway.token(identity, { groups: [identity] }) }),
    async log(format, saying) {
      const logs = join(data, "log");
      for (let tries = 0; ; tries++) {
        const name = readdirSync(logs).find((one) => one.endsWith(`.${format}`)) ?? "";
        if (readFileSync(join(logs, name), "utf8").includes(saying)) return join(logs, name);
        if (tries > 200) throw new Error(`the server's log never said ${saying}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      await ended(child, "SIGTERM");
      await gateway.close();
      await ended(server, "SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
