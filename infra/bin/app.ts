// The CDK app: `cdk synth -c settings=FILE`. It knows no account and no region: `cdk deploy` brings both.
import { App } from "aws-cdk-lib";
import { ROOT } from "../constructs/function.ts";
import { postern } from "../postern.ts";
import { readSettings, SettingsRefused } from "../settings.ts";

const app = new App();
try {
  postern(app, readSettings(ROOT, app.node.getContext("settings")));
} catch (error) {
  if (!(error instanceof SettingsRefused)) throw error;
  for (const problem of error.problems) process.stderr.write(`postern: ${problem}\n`);
  process.exit(1);
}
