// The workflow is Amazon States Language that AWS would take, and leaves no failure without an answer.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ROOT } from "#test/support/project.ts";

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Retry?: readonly object[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
}
const VALIDATOR = `${ROOT}/node_modules/asl-validator/dist/bin/asl-validator.js`;
const text = readFileSync(`${ROOT}/infra/workflow/approval.asl.json`, "utf8");
const arn = (name: string) => `arn:aws:lambda:us-east-1:111122223333:function:${name}`;
const definition = JSON.parse(text.replace(/\$\{(\w+)\}/g, (_, name) => arn(name))) as {
  StartAt: string;
  States: Record<string, State>;
};

describe("the workflow of an approval", () => {
  test("is valid", () => {
    const check = (text: string) =>
      execFileSync(process.execPath, [VALIDATOR, "--json-definition", text], { encoding: "utf8", stdio: "pipe" });
    expect(() => check(JSON.stringify(definition))).not.toThrow();
    // And it would say if it were not.
    const broken = JSON.stringify(definition).replaceAll('"Next":"Done"', '"Next":"Nowhere"');
    expect(() => check(broken)).toThrow();
  });

  test("names functions by what is substituted, and no other", () => {
    expect([...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]).sort()).toEqual([
      ...Array(3).fill("ExpireFunction"),
      ...Array(4).fill("NotifyFunction"),
    ]);
    expect(text).not.toMatch(/\d{12}/);
  });

  test("waits for a task's token with a time that the request gives", () => {
    const waiting = Object.values(definition.States).filter((one) => one.Resource?.endsWith(".waitForTaskToken"));
    expect(waiting).toEqual([expect.objectContaining({ TimeoutSecondsPath: "$.seconds" })]);
    const caught = waiting[0]?.Catch?.map((one) => [one.ErrorEquals[0], one.Next]);
    expect(caught).toEqual([
      ["States.Timeout", "Do what is due"],
      ["States.ALL", "Say that nobody was asked"],
    ]);
  });

  test("tries every call again, and reaches every state", () => {
    for (const [name, state] of Object.entries(definition.States))
      if (state.Type === "Task") expect(state.Retry, name).not.toHaveLength(0);
    const reached = new Set<string>();
    const visit = (name: string | undefined): void => {
      if (name === undefined || reached.has(name)) return;
      reached.add(name);
      const { Next, Default, Choices = [], Catch = [] } = definition.States[name] as State;
      for (const next of [Next, Default, ...Choices.map((c) => c.Next), ...Catch.map((c) => c.Next)]) visit(next);
    };
    visit(definition.StartAt);
    expect([...reached].sort()).toEqual(Object.keys(definition.States).sort());
  });
});
