// The demo's promises, kept on a home as it is, and seen to break on homes that are broken on purpose.
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrokenPromise, type Stage, stageOn } from "#local/demo/stage.ts";
import { STORY } from "#local/demo/story.ts";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { ROOT } from "#test/support/project.ts";

const [CONTRACTOR, ANALYST, AGENT, EVIDENCE, VERIFIED, TAMPERED] = STORY.map((step) => step.promise) as [
  string,
  string,
  string,
  string,
  string,
  string,
];

const play = (promise: string, stage: Stage) => STORY.find((step) => step.promise === promise)?.play(stage);
const broken = (promise: string, stage: Stage, words: RegExp) =>
  expect(play(promise, stage)).rejects.toThrow(
    expect.objectContaining({ name: BrokenPromise.name, message: expect.stringMatching(words) }),
  );

/** A policy under which everybody may do and see everything. */
function carelessPolicy(): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-policy-"));
  cpSync(join(ROOT, "policy"), folder, { recursive: true });
  writeFileSync(join(folder, "access.cedar"), '@id("anything-goes")\npermit (principal, action, resource);\n');
  rmSync(join(folder, "tests.yaml"), { force: true });
  return folder;
}

describe("the demo on a home that is sound", { timeout: 60_000 }, () => {
  let home: TestHome;
  let stage: Stage;
  const told: string[] = [];

  beforeAll(async () => {
    home = await startTestHome();
    stage = stageOn(home, (line) => told.push(line));
  });
  afterAll(() => home.stop());

  /** The home, with its evidence replaced by what `change` makes of a copy. */
  function withEvidence(change: (state: string) => void): Stage & { remove(): void } {
    const copy = mkdtempSync(join(tmpdir(), "postern-copy-"));
    const without = ["pg", "spool", "log"].map((name) => join(home.state.root, name));
    cpSync(home.state.root, copy, { recursive: true, filter: (path) => !without.includes(path) });
    change(copy);
    return {
      ...stage,
      state: copy,
      postern: (args, on = copy) => stage.postern(args, on),
      remove: () => rmSync(copy, { recursive: true }),
    };
  }

  it.each(STORY.map((step) => step.promise))("keeps: %s", async (promise) => {
    await play(promise, stage);
    expect(told.splice(0).join("\n")).toContain("$ postern ");
  });

  it("breaks the contractor's promise when the revocation is missing", async () => {
    await stage.postern(["revoke", "contractor", "--undo"]);
    await expect
      .poll(async () => (await stage.postern(["sql", "--as", "contractor", "SELECT 1"])).code, { timeout: 5000 })
      .toBe(0);
    await broken(CONTRACTOR, stage, /got an answer/);
    await stage.postern(["revoke", "contractor", "--reason", "the contract has ended"]);
  });

  it("breaks the evidence's promise when a session is missing from it", async () => {
    const without = withEvidence(() => {});
    const postern: Stage["postern"] = async (args) => {
      const ran = await stage.postern(args);
      const isList = args[0] === "sessions" && args.includes("--json");
      return isList
        ? {
            ...ran,
            out: ran.out
              .split("\n")
              .filter((line) => !line.includes("copilot"))
              .join("\n"),
          }
        : ran;
    };
    await broken(EVIDENCE, { ...without, postern }, /the agent's DELETE is missing/);
    without.remove();
  });

  it("breaks the evidence's promise when a recording holds what was masked", async () => {
    const [[value] = []] = await stage.direct("SELECT phone FROM patients WHERE id = 3");
    const leaky: Stage["postern"] = async (args) => {
      const ran = await stage.postern(args);
      return args[0] === "replay" ? { ...ran, out: `${ran.out}${value}` } : ran;
    };
    await broken(EVIDENCE, { ...stage, postern: leaky }, /holds a value/);
  });

  it("breaks the promise to verify when a bit of the evidence is another", async () => {
    const other = withEvidence((state) => {
      const folder = join(state, "evidence/recordings");
      const [name] = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((at) =>
        statSync(join(folder, at)).isFile(),
      );
      const file = join(folder, name as string);
      chmodSync(file, 0o600);
      writeFileSync(file, "not what was recorded");
    });
    await broken(VERIFIED, other, /does not verify/);
    other.remove();
  });

  it("breaks the promise about tampering when the verifier is blind", async () => {
    const blind: Stage = {
      ...stage,
      postern: async (args, on) =>
        args[0] === "verify" ? { code: 0, out: '{"ok":true,"bad":null}\n', err: "" } : stage.postern(args, on),
    };
    await broken(TAMPERED, blind, /nobody noticed/);
  });

  it("breaks the promise about tampering when the verifier sees ghosts", async () => {
    const nervous: Stage = {
      ...stage,
      postern: async (args, on) =>
        args[0] === "verify" ? { code: 1, out: '{"ok":false}\n', err: "" } : stage.postern(args, on),
    };
    await broken(TAMPERED, nervous, /untouched copy/);
  });
});

describe("the demo on a home whose policy lets everything through", { timeout: 60_000 }, () => {
  let home: TestHome;
  let stage: Stage;
  const policy = carelessPolicy();

  beforeAll(async () => {
    home = await startTestHome(policy);
    stage = stageOn(home, () => {});
  });
  afterAll(async () => {
    await home.stop();
    rmSync(policy, { recursive: true });
  });

  it("breaks the analyst's promise: nothing is masked", () => broken(ANALYST, stage, /came through as it is/));
  it("breaks the agent's promise: rows are gone", () => broken(AGENT, stage, /rows are gone/));
});
