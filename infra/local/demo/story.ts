// The demo's story, one promise after the other. Each step shows something and then checks that it is so.
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, type Ran, type Stage } from "./stage.ts";

export interface Step {
  readonly promise: string;
  /** @throws BrokenPromise when it is not kept */
  play(stage: Stage): Promise<void>;
}

interface SqlAnswer {
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly (string | null)[])[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

function show(stage: Stage, command: string, { out, err }: Ran, most = 8): void {
  stage.tell(`$ ${command}`);
  const all = lines(out + err);
  for (const line of all.slice(0, most)) stage.tell(`  ${line}`);
  if (all.length > most) stage.tell(`  ... ${all.length - most} more lines`);
}

/** Runs SQL for the audience, and once more for the checks. */
async function sql(stage: Stage, as: string, statement: string): Promise<SqlAnswer> {
  const [seen, checked] = await Promise.all([
    stage.postern(["sql", "--as", as, statement]),
    stage.postern(["sql", "--as", as, "--json", statement]),
  ]);
  show(stage, `postern sql --as ${as} "${statement}"`, seen);
  return JSON.parse(lines(checked.out).at(-1) ?? "{}");
}

const contractor: Step = {
  promise: "An offboarded contractor's CI job is refused",
  async play(stage) {
    const token = await stage.postern(["token", "--as", "contractor"]);
    must(
      token.code === 0 && token.out.length > 100,
      "the issuer should still give the contractor a token: that is the point",
    );
    stage.tell("The job still has a good token, signed and not expired. Postern knows better:");
    const { error } = await sql(stage, "contractor", "SELECT count(*) FROM appointments");
    must(error !== undefined, "the contractor got an answer");
    must(
      error.code === "28000" && error.message.includes("revoked"),
      `the contractor was refused for another reason: ${error.message}`,
    );
  },
};

const PEOPLE = "SELECT mrn, full_name, birth_date, ssn, phone FROM patients ORDER BY id LIMIT 5";

const analyst: Step = {
  promise: "An analyst's SELECT is answered, and masked",
  async play(stage) {
    const answer = await sql(stage, "engineer", PEOPLE);
    const truth = await stage.direct(PEOPLE.replace("birth_date", "birth_date::text"));
    const rows = answer.rows ?? [];
    must(rows.length === truth.length && rows.length === 5, `five rows were asked for, ${rows.length} came`);
    for (const [index, row] of rows.entries()) {
      for (const [column, value] of (truth[index] ?? []).entries())
        must(row[column] !== value, `column ${answer.columns?.[column]} came through as it is`);
      must(row[2]?.slice(0, 4) === truth[index]?.[2]?.slice(0, 4), "the year of birth should have stayed");
    }
    const shown = JSON.stringify(rows);
    for (const value of truth.flat())
      must(value === null || !shown.includes(value), "a value is hidden in another column");
    stage.tell("Compared with the database itself: no cell is the real one, the year of birth stayed.");
    const counted = await sql(
      stage,
      "engineer",
      "SELECT chapter, sum(cases) AS cases FROM diagnosis_counts GROUP BY 1 ORDER BY 1 LIMIT 3",
    );
    const real = await stage.direct(
      "SELECT chapter, sum(cases) AS cases FROM diagnosis_counts GROUP BY 1 ORDER BY 1 LIMIT 3",
    );
    must(JSON.stringify(counted.rows) === JSON.stringify(real), "what protects nobody should come through unchanged");
    stage.tell("What is about nobody in particular is exact.");
  },
};

const COUNT = "SELECT count(*) FROM prescriptions";

const agent: Step = {
  promise: "An AI agent's DELETE is stopped",
  async play(stage) {
    const [[before = null] = []] = await stage.direct(COUNT);
    must(Number(before) > 0, "there is nothing to delete");
    const { error } = await sql(stage, "copilot", "DELETE FROM prescriptions WHERE prescribed_on < '2025-01-01'");
    const [[after = null] = []] = await stage.direct(COUNT);
    must(before === after, `rows are gone: there were ${before}, there are ${after}`);
    must(error !== undefined, "the DELETE was answered as if it had run");
    must(
      error.code === "42501" && error.message.includes("policy"),
      `the refusal should name the policy: ${error.message}`,
    );
    stage.tell(`All ${before} prescriptions are still there.`);
  },
};

interface Line {
  readonly user?: { readonly name: string };
  readonly query_info?: { readonly query_string: string };
  readonly postern: {
    readonly type: string;
    readonly claimed?: string;
    readonly decision?: { readonly outcome: string };
  };
}

interface Summary {
  readonly session: string;
  readonly principal: { readonly name: string; readonly actsFor?: string } | null;
}

/** All events of all sessions of somebody. */
async function eventsOf(stage: Stage, who: (summary: Summary) => boolean): Promise<Line[]> {
  const { out } = await stage.postern(["sessions", "--json"]);
  const found = lines(out)
    .map((line) => JSON.parse(line) as Summary)
    .filter(who);
  const shown = await Promise.all(found.map(({ session }) => stage.postern(["show", session, "--json"])));
  return shown.flatMap((ran) => lines(ran.out).map((line) => JSON.parse(line) as Line));
}

const evidence: Step = {
  promise: "All of it is in the evidence, without what it protects",
  async play(stage) {
    show(stage, "postern sessions", await stage.postern(["sessions"]));
    show(stage, "postern show last", await stage.postern(["show", "last"]), 12);
    show(stage, "postern replay last --no-wait", await stage.postern(["replay", "last", "--no-wait"]));
    const refused = await eventsOf(stage, ({ principal }) => principal === null);
    must(
      refused.some(({ postern }) => postern.type === "session.refused" && postern.claimed === "contractor"),
      "the contractor's refused login is missing",
    );
    const engineer = await eventsOf(stage, ({ principal }) => principal?.name === "engineer");
    must(
      engineer.some(
        (event) => event.query_info?.query_string.includes("full_name") && event.postern.decision?.outcome === "permit",
      ),
      "the analyst's SELECT is missing",
    );
    const copilot = await eventsOf(
      stage,
      ({ principal }) => principal?.name === "copilot" && principal.actsFor === "engineer",
    );
    must(
      copilot.some(
        (event) => event.query_info?.query_string.startsWith("DELETE") && event.postern.decision?.outcome === "refuse",
      ),
      "the agent's DELETE is missing",
    );
    const kept = JSON.stringify([refused, engineer, copilot]) + (await recordings(stage));
    const secrets = await stage.direct(PEOPLE.replace("birth_date, ", ""));
    for (const value of secrets.flat())
      must(value === null || !kept.includes(value), "the evidence holds a value that it should protect");
    must(!kept.includes("2025-01-01"), "the evidence holds a literal of a statement");
    stage.tell("Three stories, each with its decision; no value of a patient, no literal of a statement.");
  },
};

async function recordings(stage: Stage): Promise<string> {
  const { out } = await stage.postern(["sessions", "--principal", "engineer", "--json"]);
  const ids = lines(out).map((line) => (JSON.parse(line) as Summary).session);
  const played = await Promise.all(ids.map((session) => stage.postern(["replay", session, "--no-wait"])));
  return played.map((ran) => ran.out).join("");
}

const verified: Step = {
  promise: "The evidence verifies",
  async play(stage) {
    const ran = await stage.postern(["verify"]);
    show(stage, "postern verify", ran);
    must(ran.code === 0, "the evidence does not verify");
  },
};

/** The segments of events in a copy of the evidence. */
function segments(state: string): string[] {
  const folder = join(state, "evidence/events");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.includes("target=clinic") && statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => join(folder, name));
}

function flipOneBit(file: string): void {
  const bytes = readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 1;
  chmodSync(file, 0o600);
  writeFileSync(file, bytes);
}

const TAMPERINGS: readonly { readonly what: string; do(file: string): void }[] = [
  { what: "changes one bit of what was recorded", do: flipOneBit },
  { what: "removes a piece of a session", do: (file) => rmSync(file, { force: true }) },
];

/** Copies everything that evidence is made of; again when the gateway was just writing. */
async function copyEvidence(stage: Stage): Promise<string> {
  const besides = ["pg", "log", "spool"].map((name) => join(stage.state, name));
  for (let attempt = 1; ; attempt++) {
    const copy = mkdtempSync(join(tmpdir(), "postern-demo-copy-"));
    try {
      cpSync(stage.state, copy, {
        recursive: true,
        filter: (path) => !besides.includes(path) && !path.endsWith(".drafts"),
      });
      must((await stage.postern(["verify"], copy)).code === 0, "an untouched copy does not verify");
      return copy;
    } catch (error) {
      rmSync(copy, { recursive: true, force: true });
      if (attempt === 3) throw error;
    }
  }
}

const tampered: Step = {
  promise: "Tampering with the evidence is found",
  async play(stage) {
    for (const tampering of TAMPERINGS) {
      const copy = await copyEvidence(stage);
      try {
        const [victim] = segments(copy);
        must(victim !== undefined, "there is no evidence to tamper with");
        tampering.do(victim);
        stage.tell(`Somebody with all rights on the machine ${tampering.what}:`);
        show(stage, "postern verify", await stage.postern(["verify"], copy), 12);
        const ran = await stage.postern(["verify", "--json"], copy);
        must(ran.code === 1, `nobody noticed that somebody ${tampering.what}`);
        const { bad } = JSON.parse(ran.out) as { bad: { key: string } | null };
        must(bad !== null && victim.endsWith(bad.key), `the wrong place is named: ${bad?.key}`);
      } finally {
        rmSync(copy, { recursive: true, force: true });
      }
    }
  },
};

export const STORY: readonly Step[] = [contractor, analyst, agent, evidence, verified, tampered];
