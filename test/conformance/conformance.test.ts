// Unmodified clients through the gateway, step by step against the same client on the database itself.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerByPurpose } from "./answers.ts";
import {
  CLIENTS,
  type Client,
  type Ground,
  HELD_CLIENTS,
  installClients,
  type Outcome,
  startGround,
} from "./ground.ts";
import { expectDerived, expectMasked, expectNoLeak, type Identity } from "./masked.ts";

const INSTALLING = 600_000;
const RUNNING = 180_000;

let ground: Ground;

beforeAll(async () => {
  installClients();
  ground = await startGround();
}, INSTALLING);

afterAll(() => ground?.stop());

/** Steps about the patients of the clinic: masked, so not equal. */
const PATIENTS = /^(phi|derived|copied patients|counted|echo|bisected)/;

const directly = new Map<Client, Promise<Outcome>>();

/** Steps that fail on purpose. */
const FAILING = /^(error|copy that fails|echo)/;

/** What the client finds on the database itself; run once. A step that fails there would prove nothing. */
function direct(client: Client): Promise<Outcome> {
  const found = directly.get(client) ?? ground.run(client, ground.direct, "all").then(expectDone);
  directly.set(client, found);
  return found;
}

function expectDone(found: Outcome): Outcome {
  for (const [step, value] of found)
    if (!FAILING.test(step)) expect(value, step).not.toMatchObject({ failed: expect.anything() });
  return found;
}

describe.each(CLIENTS)("$name", (client) => {
  test("finds through the gateway what it finds on the database", { timeout: RUNNING }, async () => {
    const expected = await direct(client);
    const found = await ground.run(client, ground.through("engineer"), "all");
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [step, value] of expected) if (!PATIENTS.test(step)) expect.soft(found.get(step), step).toEqual(value);
    expectPatients(expected, found, "engineer");
  });

  test("shows a nurse what nurses may see", { timeout: RUNNING }, async () => {
    const expected = await direct(client);
    expectPatients(expected, await ground.run(client, ground.through("nurse"), "phi"), "nurse");
  });
});

/** Commands that wait, in clients that know nothing of it. */
describe.each(HELD_CLIENTS.map((client, i) => ({ client, from: 1 + i * 10 })))(
  "$client.name, with commands that need an approval",
  ({ client, from }) => {
    test("waits, and runs what was approved", { timeout: RUNNING }, async () => {
      const people = answerByPurpose(ground.state);
      const found = await ground.run(client, ground.through("engineer"), `held ${from}`).finally(people.stop);
      expect(found.size).toBeGreaterThan(3);
      for (const [step, value] of found)
        expect.soft(value, step).toBe(step === "denied" ? "42501" : step === "cancelled" ? "57014" : "DELETE 1");
    });
  },
);

const FORBIDDEN = { failed: "42501" };

function expectPatients(expected: Outcome, found: Outcome, identity: Identity): void {
  const patients = [...expected].find(([step]) => step.startsWith("phi"))?.[1];
  const steps = [...expected.keys()].filter((step) => PATIENTS.test(step));
  expect([...found.keys()].filter((step) => PATIENTS.test(step))).toEqual(steps);
  for (const step of steps) {
    const [value, shown] = [expected.get(step), found.get(step)];
    expectNoLeak(patients, shown, identity);
    if (step === "bisected") expect(shown).toEqual(FORBIDDEN);
    else if (step.startsWith("cop") || step === "phi binary copy") expectCopied(value, shown, identity);
    else if (step.startsWith("phi")) expectMasked(value, shown, identity);
    else if (step.startsWith("derived")) expectDerived(value, shown, identity);
    else if (step === "counted") expect(shown).toEqual(value);
  }
}

/** Nurses may not export; whoever may gets as many lines, and of the columns that are clear the same. */
function expectCopied(value: unknown, shown: unknown, identity: Identity): void {
  if (identity === "nurse") {
    expect(shown).toEqual(FORBIDDEN);
    return;
  }
  if (typeof value !== "string" || typeof shown !== "string") {
    expectMasked(value, shown, identity);
    return;
  }
  const [lines, masked] = [value.split("\n"), shown.split("\n")];
  expect(masked).toHaveLength(lines.length);
  for (const [i, line] of lines.entries()) {
    const fields = masked[i]!.split(/[\t,]/);
    expect(fields[0]).toBe(line.split(/[\t,]/)[0]);
    expect(fields.at(-1)).toBe(line.split(/[\t,]/).at(-1));
    if (line.includes("\t")) expect(fields.slice(1, 3)).toEqual([expect.stringMatching(/^p_/), "***"]);
  }
}
