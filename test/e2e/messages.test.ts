// What the target says besides rows: of a patient's values none gets through in an error, a notice, a notification or a parameter, and users
// still learn what went wrong.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { CONDITIONS } from "#proxy/protocols/postgres/conditions.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";

let home: TestHome;
let direct: pg.Client;
/** Values of the patients that the attempts are about. */
let secrets: string[];
const policy = mkdtempSync(join(tmpdir(), "postern-policy-"));

/** Code of the database that the clinic vouches for, and that talks. */
const TALKERS = `
  CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE NOTICE 'ssn %', NEW.ssn USING DETAIL = NEW.ssn, HINT = NEW.ssn, ERRCODE = '01' || substr(NEW.ssn, 1, 3);
    RAISE WARNING USING MESSAGE = NEW.ssn, COLUMN = NEW.ssn, CONSTRAINT = NEW.ssn, DATATYPE = NEW.ssn, TABLE = NEW.ssn, SCHEMA = NEW.ssn;
    PERFORM set_config('application_name', NEW.ssn, false), set_config('search_path', 'public, "' || NEW.ssn || '"', false);
    PERFORM pg_notify('told', NEW.ssn);
    IF NEW.sex = 'unknown' THEN
      RAISE EXCEPTION USING MESSAGE = NEW.ssn, DETAIL = NEW.ssn, HINT = NEW.ssn, ERRCODE = 'unique_violation',
        COLUMN = NEW.ssn, CONSTRAINT = NEW.ssn, DATATYPE = NEW.ssn, TABLE = NEW.ssn, SCHEMA = NEW.ssn;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TABLE talking (id int PRIMARY KEY, ssn text, sex text NOT NULL);
  INSERT INTO talking SELECT id, ssn, 'female' FROM patients WHERE id <= 2;
  CREATE TRIGGER tells BEFORE UPDATE ON talking FOR EACH ROW EXECUTE FUNCTION tell();
  ALTER TABLE patients ADD CONSTRAINT sane_phone CHECK (phone <> 'x');
  ALTER TABLE talking ADD CONSTRAINT later UNIQUE (ssn) DEFERRABLE INITIALLY DEFERRED;
  GRANT ALL ON talking TO postern_gateway;`;

beforeAll(async () => {
  cpSync(join(ROOT, "policy"), policy, { recursive: true });
  const file = join(policy, "catalog.yaml");
  const catalog = parse(readFileSync(file, "utf8"));
  catalog.targets.clinic.functions["public.tell"] = { reveals: "nothing", reason: "It is the test's." };
  catalog.targets.clinic.schemas.public.talking = { columns: { id: "none", ssn: "ssn", sex: "none" } };
  writeFileSync(file, stringify(catalog));
  // Here the database administrators may search all, so that what can fail reaches the target and fails there.
  const access = readFileSync(join(policy, "access.cedar"), "utf8");
  const open = access.replace("unless { context.use ==", 'unless { principal in Group::"dba" || context.use ==');
  writeFileSync(
    join(policy, "access.cedar"),
    `${open}\n@id("all") permit (principal in Group::"dba", action == Action::"search", resource);\n`,
  );
  home = await startTestHome(policy);
  direct = await home.direct();
  await direct.query(TALKERS);
  const { rows } = await direct.query(
    "SELECT ssn, mrn, given_name, family_name, phone, substr(ssn, 1, 3) || '-' FROM patients WHERE id IN (1, 2)",
  );
  secrets = rows.flatMap((row) => Object.values(row as Record<string, string>));
});
afterAll(async () => {
  await direct?.end();
  await home?.stop();
  rmSync(policy, { recursive: true });
});

interface Heard {
  /** All that the server sent, as it came. */
  bytes: string;
  readonly errors: pg.DatabaseError[];
}

/** Runs statements one by one; errors are part of the answer. */
async function run(client: pg.Client, statements: readonly (string | pg.QueryConfig)[]): Promise<Heard> {
  const heard: Heard = { bytes: "", errors: [] };
  const { stream } = (client as unknown as { connection: { stream: NodeJS.ReadableStream } }).connection;
  const listen = (chunk: Buffer) => {
    heard.bytes += chunk.toString();
  };
  stream.on("data", listen);
  for (const statement of statements)
    await client.query(statement as string).catch((error: pg.DatabaseError) => heard.errors.push(error));
  await client.query("SELECT 1").catch(() => {});
  stream.off("data", listen);
  return heard;
}

const told = (bytes: string): string[] => secrets.filter((secret) => bytes.includes(secret));

/** What, how, and whether the target itself would repeat a value. */
const ATTEMPTS: readonly [string, readonly (string | pg.QueryConfig)[]][] = [
  ["a cast to a number", ["SELECT ssn::int FROM patients WHERE id = 1"]],
  ["a cast to a date", ["SELECT full_name::date FROM patients WHERE id = 1"]],
  ["a cast to a document", ["SELECT full_name::json FROM patients WHERE id = 1"]],
  ["a cast to a class", ["SELECT ssn::text::regclass FROM patients WHERE id = 1"]],
  ["a cast to a type, which the parser reads", ["SELECT full_name::regtype FROM patients WHERE id = 1"]],
  ["a cast to a path", ["SELECT full_name::jsonpath FROM patients WHERE id = 1"]],
  ["a cast to a UUID", ["SELECT full_name::uuid FROM patients WHERE id = 1"]],
  ["a decoder", ["SELECT decode(ssn, 'hex') FROM patients WHERE id = 1"]],
  ["a pattern", ["SELECT 'x' ~ ('(' || ssn) FROM patients WHERE id = 1"]],
  ["a date's template", ["SELECT to_date(full_name, 'YYYY') FROM patients WHERE id = 1"]],
  ["bind values", [{ text: "SELECT ($1 || ssn)::int FROM patients WHERE id = $2", values: ["", 1] }]],
  ["a cursor", ["BEGIN", "DECLARE c CURSOR FOR SELECT ssn::int FROM patients WHERE id = 1", "FETCH c", "ROLLBACK"]],
  ["EXECUTE", ["PREPARE p AS SELECT ssn::int FROM patients WHERE id = $1", "EXECUTE p(1)"]],
  ["COPY of a query", ["COPY (SELECT ssn::int FROM patients WHERE id = 1) TO STDOUT"]],
  ["a unique key", ["UPDATE patients SET ssn = (SELECT ssn FROM patients WHERE id = 1) WHERE id = 2"]],
  ["a row that a check refuses", ["UPDATE patients SET phone = 'x' WHERE id = 1"]],
  ["a row without a value", ["UPDATE patients SET birth_date = NULL WHERE id = 1"]],
  ["a key that others refer to", ["UPDATE patients SET id = 1000000 WHERE id = 1"]],
  ["code that speaks in every field", ["UPDATE talking SET sex = 'male' WHERE id = 1"]],
  ["code that fails with every field", ["UPDATE talking SET sex = 'unknown' WHERE id = 1"]],
  [
    "code that sets parameters, then a batch that shows them",
    ["UPDATE talking SET sex = 'male' WHERE id = 2; SELECT 1"],
  ],
  ["a rule that is checked at the end", ["BEGIN", "UPDATE talking SET ssn = 'a' WHERE id < 3", "COMMIT"]],
  ["a notification of one's own trigger", ["LISTEN told", "UPDATE talking SET sex = 'male' WHERE id = 1"]],
];

describe("no message repeats what is masked", () => {
  test.each(ATTEMPTS)("%s", async (_, statements) => {
    const client = await home.client("dba");
    const { bytes } = await run(client, statements).finally(() => client.end());
    expect(told(bytes)).toEqual([]);
  });

  test("though the target itself does, in nearly all of these", async () => {
    const silent: string[] = [];
    for (const [what, statements] of ATTEMPTS) {
      const { bytes } = await run(direct, statements);
      if (told(bytes).length === 0) silent.push(what);
      await direct.query("ROLLBACK; RESET ALL; DEALLOCATE ALL; UNLISTEN *");
    }
    expect(silent).toEqual([
      // These repeat a character of the value, or a part of it.
      "a cast to a path",
      "a decoder",
      "a pattern",
      "a date's template",
      "a key that others refer to",
      "a rule that is checked at the end",
    ]);
  });
});

describe("a notification", () => {
  const heard = async (send: (client: pg.Client) => Promise<unknown>): Promise<pg.Notification> => {
    const client = await home.client("dba");
    try {
      const one = new Promise<pg.Notification>((resolve) => client.once("notification", resolve));
      await client.query("LISTEN news");
      await send(client);
      return await one;
    } finally {
      await client.end();
    }
  };

  test("of others comes without what they said: they need not have passed the gateway", async () => {
    const notification = await heard(() => direct.query("SELECT pg_notify('news', ssn) FROM patients WHERE id = 1"));
    expect(notification).toMatchObject({ channel: "news", payload: "" });
  });

  test("of one's own comes whole", async () => {
    const notification = await heard((client) => client.query("NOTIFY news, 'mine'"));
    expect(notification).toMatchObject({ channel: "news", payload: "mine" });
  });
});

describe("a parameter", () => {
  test("that the client sets is reported; one that code of the database sets is not", async () => {
    const client = await home.client("dba");
    const { bytes } = await run(client, [
      "SET application_name = 'of my own'",
      "UPDATE talking SET sex = 'male' WHERE id = 1",
    ]);
    expect(bytes).toContain("application_name\0of my own\0");
    expect(bytes.match(/application_name\0/g)).toHaveLength(1);
    await client.end();
  });
});

describe("what went wrong can still be told", () => {
  test.each([
    [
      "UPDATE patients SET mrn = (SELECT mrn FROM patients WHERE id = 1) WHERE id = 2",
      {
        code: "23505",
        message: 'unique violation: constraint "patients_mrn_key" of table "patients"',
        constraint: "patients_mrn_key",
        table: "patients",
        hint: expect.stringMatching(/^A row with the same key is there already/),
      },
    ],
    [
      "UPDATE patients SET birth_date = NULL WHERE id = 1",
      {
        code: "23502",
        message: 'not null violation: column "birth_date" of table "patients"',
        column: "birth_date",
      },
    ],
    ["UPDATE patients SET phone = 'x' WHERE id = 1", { code: "23514", constraint: "sane_phone" }],
    [
      "SELECT ssn::int FROM patients WHERE id = 1",
      {
        code: "22P02",
        message: "invalid text representation",
        hint: expect.stringMatching(/^A text cannot be read as the type that is asked for/),
      },
    ],
    [
      "SELECT sum(full_name) FROM patients",
      { code: "42883", message: "function sum(text) does not exist", position: "8" },
    ],
    ["SELECT 1 / 0, ssn FROM patients", { code: "22012", message: "division by zero" }],
  ])("%s", async (statement, expected) => {
    const client = await home.client("dba");
    const { errors } = await run(client, [statement]).finally(() => client.end());
    expect(errors).toMatchObject([expected]);
  });
});

test("the names of conditions are PostgreSQL's own", async () => {
  // What fails with a code that PL/pgSQL knows by name can be caught by that name; those of success and warnings it does not know.
  const wrong: string[] = [];
  for (const [code, name] of CONDITIONS) {
    if (/^0[012]/.test(code)) continue;
    const body = `BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; EXCEPTION WHEN ${name} THEN NULL; END`;
    await direct.query(`DO $$${body}$$`).catch((error: Error) => wrong.push(`${code} ${name}: ${error.message}`));
  }
  expect(wrong).toEqual([]);
});

test("code of the database cannot pass for the server when it names a constraint", async () => {
  const client = await home.client("dba");
  const { errors } = await run(client, ["UPDATE talking SET sex = 'unknown' WHERE id = 1"]).finally(() => client.end());
  expect(errors).toMatchObject([
    { code: "23505", message: "unique violation", constraint: undefined, table: undefined },
  ]);
});
