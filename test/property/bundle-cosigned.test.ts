// Witnesses of a local home, and bundles whose head they have cosigned: the command and the verifier that shares no code with it agree on them.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBundle } from "#cli/evidence/bundle-file.ts";
import { runLocalWitnesses } from "#proxy/adapters/local-witnesses.ts";
import { nodeSha256 } from "#proxy/adapters/node-crypto.ts";
import { verifyBundle } from "#shared/evidence/bundle.ts";
import { allOf, parseWitnessPolicy } from "#shared/evidence/witness-policy.ts";
import { newIdentity, openTestRecorder, temporaryState, useSession } from "#test/support/evidence.ts";
import { type FakeWitness, says, startFakeWitness } from "#test/support/fake-witness.ts";
import { verifyTools } from "#test/support/memory-store.ts";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

const state = temporaryState();
const CLI = fileURLToPath(new URL("../support/evidence-cli.ts", import.meta.url));
const [file, later, policyFile] = ["one.jsonl", "later.jsonl", "witnesses"].map((name) => join(state.path, name)) as [
  string,
  string,
  string,
];
const problems: string[] = [];
let witnesses: FakeWitness[];
let key: string;

function postern(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const env = { ...environment(), POSTERN_STATE: state.path, ...more };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { env, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

function standalone(path: string, ...more: string[]) {
  const run = spawnSync(process.execPath, [join(ROOT, "cli/verify-bundle.mjs"), path, ...more], { encoding: "utf8" });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** By the command's own functions. */
async function accepted(path: string): Promise<boolean> {
  const bundle = await readBundle(path);
  try {
    return (await verifyBundle(bundle, verifyTools, key, allOf(keys(), nodeSha256))).ok;
  } finally {
    await bundle.close();
  }
}

/** A session more in the ledger; `cosigned` or not. @returns its id */
async function session(cosigned: boolean): Promise<string> {
  const identity = newIdentity();
  // More often than they are asked meanwhile.
  if (!cosigned) for (const one of witnesses) one.plan.push(...Array(10_000).fill(says(500)));
  const recorder = await openTestRecorder(state.path);
  const policy = parseWitnessPolicy(readFileSync(policyFile, "utf8"), nodeSha256);
  const running = await runLocalWitnesses({
    state: state.path,
    policy,
    onProblem: (said) => problems.push(said),
    everyMs: 20,
  });
  await (await useSession(recorder, identity, 2)).close("terminated by the client");
  await recorder.close();
  await running.close();
  expect(running.uncosigned === 0).toBe(cosigned);
  return identity.session;
}

beforeAll(async () => {
  witnesses = await Promise.all(["w1.example", "w2.example"].map(startFakeWitness));
  const lines = witnesses.map(({ name, key: own, url }) => `witness ${name} ${own} ${url}`);
  writeFileSync(policyFile, [...lines, "group both all w1.example w2.example", "quorum both", ""].join("\n"));
  const first = await session(true);
  key = readFileSync(join(state.path, "keys/ledger.pub"), "utf8").trim();
  expect(problems).toEqual([]);
  expect(postern(["bundle", first, "-o", file])).toMatchObject({ code: 0 });
}, 30_000);
afterAll(async () => {
  await Promise.all(witnesses.map((one) => one.close()));
  state.remove();
});
const keys = () => witnesses.map((one) => one.key);

describe("a ledger that witnesses have cosigned", () => {
  test("verifies with their keys, or with the policy that names them", () => {
    const { code, out } = postern(["verify", "--witness", ...keys()]);
    expect(out).toMatch(/witnesses the head of \d+ entries, by w1\.example \(2.*Z\), w2\.example \(2.*Z\)/);
    expect(code).toBe(0);
    expect(postern(["verify"], { POSTERN_WITNESSES: policyFile }).out).toContain("witnesses the head of");
    expect(postern(["verify"]).out).toContain("w1.example, w2.example cosigned the head of");
  });

  test("does not verify with the key of somebody who has not, nor with what is no key", async () => {
    const other = await startFakeWitness("other.example");
    await other.close();
    const { code, out } = postern(["verify", "--witness", other.key]);
    expect(code).toBe(1);
    expect(out).toMatch(/object {2}witness\/checkpoint\n.*not cosigned by enough witnesses: not by other\.example/s);
    expect(postern(["verify", "--witness", key]).err).toContain("this is not a verifier key for cosignatures");
    expect(postern(["verify", "--witnesses", file])).toMatchObject({ code: 2, err: expect.stringContaining("line 1") });
  });
});

describe("a bundle under a cosigned head", () => {
  test("verifies with the witnesses' keys, by both", () => {
    expect(postern(["verify", file, "--key", key, "--witness", ...keys()])).toMatchObject({ code: 0 });
    expect(standalone(file, key, ...keys())).toMatchObject({ code: 0, err: "" });
    expect(standalone(file, key, ...keys()).out).toContain(`cosigned by ${keys()[1]}`);
    // Without them, as any other.
    expect(standalone(file, key)).toMatchObject({ code: 0 });
  });

  test("does not verify with another's key, or with a signature changed, doubled or taken out, by either", async () => {
    const other = await startFakeWitness("w1.example");
    await other.close();
    expect(await accepted(file)).toBe(true);
    for (const said of [
      postern(["verify", file, "--key", key, "--witness", other.key]),
      standalone(file, key, other.key),
    ])
      expect(said.code).toBe(1);
    const [head = "", ...rest] = readFileSync(file, "utf8").split("\n");
    const value = JSON.parse(head) as { checkpoint: string };
    const [text = "", signatures = ""] = value.checkpoint.split("\n\n");
    const lines = signatures.trimEnd().split("\n");
    const at = lines.findIndex((line) => line.includes("w1.example"));
    const [line = ""] = lines.slice(at);
    const flipped = (back: number) =>
      line.slice(0, -back) + (line.at(-back) === "A" ? "B" : "A") + line.slice(1 - back || undefined);
    for (const changed of [flipped(10), flipped(90), line.replace("w1", "w3"), ""]) {
      const others = changed === "" ? lines.toSpliced(at, 1) : lines.toSpliced(at, 1, changed);
      const checkpoint = `${text}\n\n${others.join("\n")}\n`;
      writeFileSync(later, [JSON.stringify({ ...value, checkpoint }), ...rest].join("\n"));
      expect(await accepted(later), changed).toBe(false);
      expect(standalone(later, key, ...keys()).code, changed).toBe(1);
    }
  });

  test("is made under the newest head where the cosigned one does not reach", { timeout: 30_000 }, async () => {
    const second = await session(false);
    expect(problems.at(-1)).toBe("w1.example fails, or makes no sense; w2.example fails, or makes no sense");
    expect(postern(["bundle", second, "-o", later, "--force"])).toMatchObject({ code: 0 });
    expect(standalone(later, key)).toMatchObject({ code: 0 });
    expect(standalone(later, key, ...keys())).toMatchObject({
      code: 1,
      err: expect.stringContaining("not cosigned by w1"),
    });
    // The cosigned head is kept, and what it does not cover is told.
    expect(postern(["verify", "--witnesses", policyFile]).out).toMatch(
      /newest \d+ entries are not under a cosigned head/,
    );
    for (const one of witnesses) one.plan.length = 0;
    await session(true);
    expect(postern(["verify", "--witnesses", policyFile]).out).not.toContain("not under a cosigned head");
  });
});
