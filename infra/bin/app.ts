// The CDK app. It knows no account and no region: `cdk deploy` brings both.
import { App, Validations } from "aws-cdk-lib";
import { HIPAASecurityChecks } from "cdk-nag";
import { ApprovalsStack } from "../stacks/approvals-stack.ts";
import { EvidenceStack } from "../stacks/evidence-stack.ts";

const app = new App();
new EvidenceStack(app, "PosternEvidence", {
  description: "Where Postern's evidence is kept: written once, by nobody changed, for six years.",
  terminationProtection: true,
});
new ApprovalsStack(app, "PosternApprovals", {
  description: "Where Postern's requests for approval are kept, asked, answered and minded.",
  terminationProtection: true,
});
Validations.of(app).addPlugins(new HIPAASecurityChecks(app));
