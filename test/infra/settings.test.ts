// Settings: what is unknown or contradicts itself stops synth, with every problem at once, one line each.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SAMPLES, sample } from "#test/support/deployment.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import { readSettings, SettingsRefused } from "../../infra/settings.ts";

const scratch = mkdtempSync(join(tmpdir(), "postern-settings-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A problem of the minimal sample with some places changed; a place is given as `a.b.c`, undefined takes it away. */
function problems(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const settings = JSON.parse(readFileSync(`${ROOT}/infra/samples/minimal.json`, "utf8"));
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    let place = settings;
    for (const key of keys) place = place[key] ??= {};
    place[last] = value;
  }
  const file = join(scratch, "settings.json");
  writeFileSync(file, JSON.stringify(settings));
  try {
    readSettings(ROOT, file);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsRefused)) throw error;
    return error.problems.map((line) => line.replace(`${file}: `, ""));
  }
}

test.each(SAMPLES)("the sample %s is right", (name) => {
  expect(sample(name).name).toBe("Postern");
});

const SAML = { name: "Corp", metadata: "https://idp.example.org/metadata", groups: "groups" };

describe("settings that cannot be used", () => {
  const clinic = "targets.clinic";
  const secret = { credential: { iam: "cluster-ABC" } };
  test.each<[string, Record<string, unknown>, string]>([
    ["unknown key", { colour: "blue" }, "colour: unknown key"],
    ["unknown key further in", { "proxy.colour": "blue" }, "proxy.colour: unknown key"],
    ["missing", { ledger: undefined }, "ledger: is missing"],
    ["two networks", { "network.existing": {} }, "network.existing.vpc: is missing"],
    ["no network", { "network.create": undefined }, 'network: needs one of "create" and "existing"'],
    [
      "open to all",
      { "network.clients": ["0.0.0.0/0"] },
      "network.clients.0: lets everybody in: name the ranges that clients come from",
    ],
    [
      "witnesses that are nowhere",
      { "evidence.witnesses": "infra/samples/none.policy" },
      "evidence.witnesses: infra/samples/none.policy: cannot be read (ENOENT)",
    ],
    [
      "witnesses that are something else",
      { "evidence.witnesses": "infra/samples/minimal.json" },
      "evidence.witnesses: infra/samples/minimal.json: line 1: { is not log, witness, group or quorum",
    ],
    ["no identity", { identity: {} }, 'identity: needs one of "cognito" and "issuer"'],
    [
      "target that no bundle has",
      { "targets.billing": { host: "x", ...secret } },
      "targets.billing: the bundle has no such target",
    ],
    ["target that is missing", { targets: {} }, "targets.clinic: is missing; the bundle has it"],
    ["no bundle", { policy: "nowhere" }, "policy: there is no nowhere/targets.yaml"],
    [
      "two credentials",
      { [`${clinic}.credential.iam`]: "cluster-ABC" },
      'targets.clinic.credential: needs one of "iam", "rotateDays" and "secret"',
    ],
    [
      "rotation without the database",
      { [`${clinic}.credential`]: { rotateDays: 30 } },
      "targets.clinic.credential.rotateDays: needs the database: without it nobody can set the new password",
    ],
    [
      "an instance's id for a cluster",
      { [`${clinic}.credential`]: { iam: "db-ABC" }, [`${clinic}.database`]: { cluster: "c" } },
      "targets.clinic.credential.iam: is an instance's, of a cluster",
    ],
    [
      "more grace than Fargate gives",
      { "proxy.graceSeconds": 110 },
      "proxy.graceSeconds: is more than 105: Fargate kills a task after 120 s, and evidence needs 15 of them",
    ],
    [
      "memory that Fargate has not",
      { "proxy.memory": 1024 },
      "proxy.memory: with cpu 1024 Fargate has 2048 to 8192 MiB",
    ],
    ["fewest above most", { "proxy.tasks": { least: 3, most: 2 } }, "proxy.tasks: least is more than most"],
    [
      "Slack without a directory",
      { "approvals.slack": { team: "T1", app: "A1" } },
      "approvals.directory: is needed with slack: without it nobody in Slack is known",
    ],
    [
      "two providers and a name for both",
      { "identity.cognito.saml": [SAML, { ...SAML, name: "Labs" }] },
      "identity.cognito: provider Labs needs a prefix: another may vouch for the same address",
    ],
    [
      "two providers with one prefix",
      {
        "identity.cognito.saml": [
          { ...SAML, prefix: "a:" },
          { ...SAML, name: "Labs", prefix: "a:" },
        ],
      },
      "identity.cognito: provider Labs has the prefix of another",
    ],
  ])("%s", (_, changes, line) => expect(problems(changes)).toContain(line));

  test("are told of all at once", () => {
    const found = problems({
      colour: 1,
      ledger: undefined,
      "proxy.graceSeconds": 500,
      "network.clients": ["0.0.0.0/0"],
      targets: {},
    });
    expect(found).toHaveLength(5);
  });

  test("are told of with what contradicts itself beside an unknown key", () => {
    const tasks = { least: 3, most: 2 };
    const found = problems({
      "proxy.colour": 1,
      "proxy.tasks": tasks,
      "approvals.colour": 1,
      "approvals.slack": { team: "T1", app: "A1" },
    });
    expect(found.toSorted()).toEqual([
      "approvals.colour: unknown key",
      "approvals.directory: is needed with slack: without it nobody in Slack is known",
      "proxy.colour: unknown key",
      "proxy.tasks: least is more than most",
    ]);
  });

  test("stop synth before anything is made, one line each", () => {
    const file = join(scratch, "wrong.json");
    writeFileSync(file, JSON.stringify({ colour: "blue" }));
    const { status, stderr, stdout } = spawnSync(process.execPath, ["infra/bin/app.ts"], {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...environment(), CDK_CONTEXT_JSON: JSON.stringify({ settings: file }), CDK_OUTDIR: join(scratch, "out") },
    });
    expect(status).toBe(1);
    expect(stdout).toBe("");
    const said = stderr.trim().split("\n");
    expect(said.length).toBeGreaterThan(5);
    for (const line of said) expect(line).toMatch(/^postern: .*wrong\.json: \S/);
  });
});
