// Three gateways as processes of their own behind a balancer, in front of one PostgreSQL.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ensureCertificates } from "#local/certificates.ts";
import type { ApprovalStore } from "#shared/approval/store.ts";
import { parts, TARGETS } from "./bundles.ts";
import { type Gateway, prepareGateway } from "./gateway.ts";
import { startTestPostgres, type TestPostgres } from "./postgres.ts";

const SECRET = "the-gateways-own";
/** Everything is permitted; a DELETE has to be agreed to. */
const ACCESS = `@id("most") permit (principal, action, resource) unless { action == Action::"delete" };
@id("held") @approval("dba") permit (principal, action == Action::"delete", resource);`;
export const LIMIT = 6;

/** What differs between homes. */
export interface FleetHome {
  /** More of a gateway's configuration. */
  configuration(number: number): object;
  readonly approvals: ApprovalStore;
  revoke(name: string): Promise<void> | void;
}

export interface TestFleet {
  readonly folder: string;
  readonly server: TestPostgres;
  readonly gateways: readonly Gateway[];
  /** A client logs in at the balancer, which takes the next gateway; or at one of them. The caller ends it. */
  client(name: string, at?: number): Promise<pg.Client>;
  readonly balancer: { readonly port: number };
  readonly ca: string;
  readonly home: FleetHome;
  token(name: string): string;
  /** What a gateway counts under this name in its metrics, label and all. */
  metric(at: number, name: string): Promise<number>;
  kill(at: number): Promise<void>;
  /** With SIGTERM: its sessions have their end. */
  stopGently(at: number): Promise<void>;
  start(at: number): Promise<void>;
  /** At the database itself: the first value of the first row. */
  direct(sql: string): Promise<string>;
  stop(): Promise<void>;
}

/** @param open makes what the gateways share; it is given a folder */
export async function startTestFleet(open: (folder: string) => Promise<FleetHome> | FleetHome): Promise<TestFleet> {
  const folder = mkdtempSync(join(tmpdir(), "postern-fleet-"));
  const certificates = await ensureCertificates(folder);
  const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
  const server = await startTestPostgres(pem);
  await server.sql(`CREATE ROLE postern_gateway LOGIN PASSWORD '${SECRET}'`);
  await server.sql("CREATE DATABASE clinic OWNER postern_gateway");
  await server.sql(
    "SET ROLE postern_gateway; CREATE TABLE patients (id int PRIMARY KEY, ssn text, full_name text, maiden_name text); CREATE TABLE drugs (id int)",
    "clinic",
  );
  const home = await open(folder);
  const policy = join(folder, "policy");
  mkdirSync(policy);
  const files = { ...parts(ACCESS), "targets.yaml": `${TARGETS}  limits: { connectionsPerPrincipal: ${LIMIT} }\n` };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(policy, name), text);
  const gateways: Gateway[] = [];
  const children: ChildProcess[] = [];
  for (let i = 0; i < 3; i++) {
    const own = join(folder, String(i));
    mkdirSync(own);
    const target = { name: "clinic", port: server.port, password: SECRET };
    gateways.push(await prepareGateway({ folder: own, certificates, policy, target }));
    const file = join(own, "proxy.json");
    const { issuers } = JSON.parse(readFileSync(join(folder, "0/proxy.json"), "utf8"));
    const config = JSON.parse(readFileSync(file, "utf8"));
    const limits = { graceSeconds: 1 };
    writeFileSync(file, JSON.stringify({ ...config, issuers, limits, ...home.configuration(i) }));
  }
  const start = async (at: number) => {
    children[at] = await (gateways[at] as Gateway).start();
  };
  for (let i = 0; i < 3; i++) await start(i);
  const balancer = await startBalancer(gateways.map(({ port }) => port));
  const ca = readFileSync(certificates.caFile, "utf8");
  const token = (name: string) => (gateways[0] as Gateway).token(name);
  const end = async (at: number, signal: "SIGKILL" | "SIGTERM") => {
    const child = children[at] as ChildProcess;
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  const kill = (at: number) => end(at, "SIGKILL");
  return {
    folder,
    server,
    gateways,
    balancer,
    ca,
    home,
    token,
    start,
    kill,
    stopGently: (at) => end(at, "SIGTERM"),
    async client(name, at) {
      const port = at === undefined ? balancer.port : (gateways[at] as Gateway).port;
      const login = { host: "localhost", port, user: name, database: "clinic", password: token(name), ssl: { ca } };
      const client = new pg.Client(login);
      client.on("error", () => {});
      await client.connect();
      return client;
    },
    async metric(at, name) {
      const text = await (await fetch(`http://127.0.0.1:${gateways[at]?.admin}/metrics`)).text();
      const line = text.split("\n").find((one) => one.startsWith(`postern_${name} `));
      return Number(line?.split(" ").at(-1) ?? 0);
    },
    async direct(sql) {
      return String((await server.sql(sql, "clinic"))[0]?.[0]);
    },
    async stop() {
      balancer.stop();
      for (let i = 0; i < 3; i++) await kill(i);
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Gives each connection to the next one that answers. */
async function startBalancer(ports: readonly number[]): Promise<{ readonly port: number; stop(): void }> {
  let turn = 0;
  const open = new Set<Socket>();
  const reach = (client: Socket, tries: number) => {
    const target = connect(ports[turn++ % ports.length] as number, "127.0.0.1");
    let reached = false;
    target.once("connect", () => {
      reached = true;
      client.pipe(target).pipe(client);
      client.on("close", () => target.destroy());
    });
    target.on("error", () => (reached || tries === 1 ? client.destroy() : reach(client, tries - 1)));
    target.on("close", () => target.bytesRead > 0 && client.end());
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    open.add(client.on("error", () => {}).on("close", () => open.delete(client)));
    reach(client, ports.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === "object" ? address.port : 0,
    stop() {
      server.close();
      for (const one of open) one.destroy();
    },
  };
}
