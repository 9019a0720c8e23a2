// The CDK app. It knows no account and no region: `cdk deploy` brings both.
import { App } from "aws-cdk-lib";
import { EvidenceStack } from "../stacks/evidence-stack.ts";

const app = new App();
new EvidenceStack(app, "PosternEvidence", {
  description: "Where Postern's evidence is kept: written once, by nobody changed, for six years.",
  terminationProtection: true,
});
