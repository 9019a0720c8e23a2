// The deployment as `cdk synth` makes it of one of the samples, without bundles: what is in the functions is tried elsewhere, for real.
import { readFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { ROOT } from "#test/support/project.ts";
import { postern } from "../../infra/postern.ts";
import { readSettings, type Settings } from "../../infra/settings.ts";

export const SAMPLES = ["minimal", "existing-aurora", "three-targets"] as const;
export type Sample = (typeof SAMPLES)[number];
export type Stacks = ReturnType<typeof postern>;

export const sample = (name: Sample): Settings => readSettings(ROOT, `infra/samples/${name}.json`);

/** @param settings what is to be deployed; each call is a new app */
export function deployment(settings: Settings): { readonly app: App; readonly stacks: Stacks } {
  const { context } = JSON.parse(readFileSync(`${ROOT}/cdk.json`, "utf8"));
  const app = new App({ context: { ...context, "aws:cdk:bundling-stacks": [] } });
  return { app, stacks: postern(app, settings) };
}

/** The templates of a sample, made once for each test file. */
export function templates(name: Sample): Readonly<Record<keyof Stacks, Template>> {
  const { stacks } = deployment(sample(name));
  return Object.fromEntries(
    Object.entries(stacks).map(([key, stack]) => [key, Template.fromStack(stack)]),
  ) as unknown as Readonly<Record<keyof Stacks, Template>>;
}
