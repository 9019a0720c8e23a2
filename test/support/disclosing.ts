// A small clinic behind the real gateway in which every value of a patient names that patient, so that an answer itself tells whose records
// it shows: the oracle for what the evidence says about it.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { ensureCertificates } from "#local/certificates.ts";
import { LocalEvidence } from "#proxy/adapters/local-evidence.ts";
import { subjectHasher } from "#shared/disclosure/subject.ts";
import type { DisclosureEvent } from "#shared/evidence/event.ts";
import type { EvidenceLine } from "#shared/evidence/line-read.ts";
import { type Gateway, prepareGateway } from "./gateway.ts";
import { startTestPostgres } from "./postgres.ts";
import { ROOT } from "./project.ts";

export const PATIENTS = 12;
const SECRET = "the-gateways-own";
const SCRIPTS = ["schema.sql", "after-load.sql"].map((name) => join(ROOT, "infra/local/clinic", name));

/** `«7»` stands in every value of patient 7. The first half of them has encounters, every third a device, and nobody else. */
const ROWS = `
INSERT INTO departments VALUES (1, 'ward', 1, '08:00', '18:00');
INSERT INTO clinicians SELECT c, lpad(c::text, 10, '0'), 'C', 'D', 'medicine', 1, NULL, 'c@example.org', '555-010' || c, '2020-01-01'
  FROM generate_series(1, 2) c;
INSERT INTO icd10_codes SELECT 'X«' || p || '»', 't', 'c' FROM generate_series(1, ${PATIENTS}) p;
INSERT INTO patients (id, mrn, given_name, family_name, birth_date, sex, ssn, phone, home, portal_id, insurance, note)
  SELECT p, 'MRN-' || lpad(p::text, 7, '0'), 'G«' || p || '»', 'F«' || p || '»', '1980-01-01', 'other', lpad(p::text, 11, '9'), 'P«' || p || '»',
    ROW('S«' || p || '»', 'city', 'ME'::char(2), '04101'::char(5))::postal_address, gen_random_uuid(), jsonb_build_object('holder', 'I«' || p || '»'),
    CASE WHEN p % 2 = 0 THEN 'N«' || p || '»' END
  FROM generate_series(1, ${PATIENTS}) p;
INSERT INTO encounters SELECT e, 1 + (e - 1) % ${PATIENTS / 2}, 1 + e % 2, 1, 'inpatient', '2026-01-01', NULL, 'R«' || 1 + (e - 1) % ${PATIENTS / 2} || '»', '{}'
  FROM generate_series(1, ${PATIENTS}) e;
INSERT INTO diagnoses SELECT e, e, patient_id, 'X«' || patient_id || '»', 1, '2026-01-01', false, 'K«' || patient_id || '»' FROM encounters e(e, patient_id);
INSERT INTO devices SELECT p, p, 'D«' || p || '»', 'Z«' || p || '»', '08:00:2b:01:02:03', NULL, NULL, '{}'
  FROM generate_series(3, ${PATIENTS}, 3) p;
INSERT INTO lab_results SELECT e, patient_id, e, 'L«' || patient_id || '»', 'T«' || patient_id || '»', 1, 'u', '[0,1]', false, '2025-06-01', '2025-06-01'
  FROM encounters e(e, patient_id);`;

/** The clinic, and who is in it. */
export function clinicSql(): string {
  const [schema, after] = SCRIPTS.map((path) => readFileSync(path, "utf8"));
  return [schema, ROWS, after].join("\n");
}

export interface Disclosing {
  readonly gateway: Gateway;
  client(identity: string): Promise<pg.Client>;
  /** Kills the gateway, and starts it again on the same state. */
  restart(): Promise<void>;
  /** Every line of the newest session of an identity. */
  lines(identity: string): Promise<EvidenceLine[]>;
  /** What the evidence says of each command of that session, in order. */
  told(identity: string): Promise<Told[]>;
  /** Which patient a hash stands for. @param version of the key */
  patientOf(hash: string, version?: number): number | undefined;
  /** The state's files, all of them. */
  readonly state: string;
  stop(): Promise<void>;
}

export interface Told {
  readonly subjects: ReadonlySet<number>;
  readonly complete: boolean;
  readonly untold: number;
  readonly events: readonly DisclosureEvent[];
  /** Null for a command that was refused. */
  readonly sqlstate: string | null;
}

/** Patients whose values are in an answer. */
export function patientsIn(answer: string): Set<number> {
  return new Set([...answer.matchAll(/«(\d+)»/g)].map(([, id]) => Number(id)));
}

export async function startDisclosing(): Promise<Disclosing> {
  const folder = mkdtempSync(join(tmpdir(), "postern-disclosing-"));
  const certificates = await ensureCertificates(folder);
  const pem = { cert: readFileSync(certificates.certFile, "utf8"), key: readFileSync(certificates.keyFile, "utf8") };
  const server = await startTestPostgres(pem);
  await server.sql(`CREATE ROLE postern_gateway LOGIN PASSWORD '${SECRET}'`);
  await server.sql("CREATE DATABASE clinic");
  await server.sql(clinicSql(), "clinic");
  const target = { name: "clinic", port: server.port, password: SECRET };
  const gateway = await prepareGateway({ folder, certificates, policy: join(ROOT, "policy"), target });
  let child = await gateway.start();
  const { state } = gateway;
  const ca = readFileSync(certificates.caFile, "utf8");
  const killed = async () => {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };

  const lines = async (identity: string): Promise<EvidenceLine[]> => {
    const evidence = new LocalEvidence(state);
    try {
      const [so] = await evidence.sessions({ principal: identity, limit: 1 });
      const found: EvidenceLine[] = [];
      if (so !== undefined) for await (const { line } of evidence.lines(so)) found.push(line);
      return found;
    } finally {
      evidence.close();
    }
  };
  const patientOf = (hash: string, version = 1) => {
    const key = readFileSync(join(state, "keys", version === 1 ? "disclosure.key" : `disclosure-${version}.key`));
    const hmac = (message: Uint8Array) => createHmac("sha256", key).update(message).digest();
    const subject = subjectHasher(hmac, "clinic");
    for (let id = 0; id <= PATIENTS; id++) if (subject("person", String(id)) === hash) return id;
    return undefined;
  };
  return {
    gateway,
    state,
    async client(identity) {
      const made = new pg.Client({
        host: "localhost",
        port: gateway.port,
        user: identity,
        database: "clinic",
        password: gateway.token(identity, { groups: [identity] }),
        ssl: { ca },
      });
      made.on("error", () => {});
      await made.connect();
      return made;
    },
    async restart() {
      await killed();
      child = await gateway.start();
    },
    lines,
    async told(identity) {
      for (let waited = 0; waited < 200 && (await lines(identity)).at(-1)?.event.type !== "session.closed"; waited++)
        await new Promise((resolve) => setTimeout(resolve, 25));
      const told: Told[] = [];
      let events: DisclosureEvent[] = [];
      for (const { event } of await lines(identity)) {
        if (event.type === "disclosure") events.push(event);
        if (event.type !== "finished" && event.type !== "refused") continue;
        const sum = summed(events, patientOf);
        told.push({ ...sum, events, sqlstate: event.type === "refused" ? null : event.sqlstate });
        events = [];
      }
      return told;
    },
    patientOf,
    async stop() {
      await killed();
      await gateway.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function summed(events: readonly DisclosureEvent[], patientOf: Disclosing["patientOf"]) {
  const ids = events.flatMap((e) => e.subjects.map((hash) => patientOf(hash, e.keyVersion) ?? -1));
  const untold = events.reduce((sum, e) => sum + e.untold, 0);
  return { subjects: new Set(ids), complete: events.every((e) => e.complete), untold };
}
