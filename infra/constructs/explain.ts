// What the rule packs find and is meant so. A finding that nobody has explained stops synth.
import { type PolicyValidationPluginReport, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { IConstruct } from "constructs";

/** Says why findings are meant so: `HIPAA.Security-...` or `AwsSolutions-...` to the reason, with what makes up for it. */
export function explain(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [rule, reason] of Object.entries(reasons))
    Validations.of(scope).acknowledge({ id: `${rule.slice(0, rule.indexOf("-"))}::${rule}`, reason });
}

/** Every wildcard that a role may have, with its reason; no other passes. Resources and actions as cdk-nag writes them. */
export const WILDCARDS: readonly (readonly [RegExp, string])[] = [
  [
    /^Resource::(<.*Evidence.*Arn.*>|.*Evidence.*)\/(events|recordings|sealed|ledger|witness)\/\*$/,
    "objects of one prefix of the evidence bucket: their names are sessions; Object Lock keeps what is written",
  ],
  [
    /^Resource::<Answers\w+\.Arn>\/answers\/\*$/,
    "answers to questions, in a bucket of their own: Athena names each by the question's id",
  ],
  [/^Resource::.*Table.*Arn.*\/index\/\*$/, "the indexes of one table: they hold what the table holds"],
  [
    /^Resource::arn:.*:ses:.*:identity\/\*$/,
    "whichever verified identity covers the sender's address: ses:FromAddress allows that one address only",
  ],
  [
    /^Resource::(<Evidence\w+\.Arn>|arn:aws:s3:::[\w.-]+)\/\*$/,
    "S3's own role of replication copies every object, to the bucket that settings name",
  ],
  [
    /^Action::kms:(GenerateDataKey|ReEncrypt)\*$/,
    "of one key, and of S3's own role of replication: CDK writes the names of KMS actions so",
  ],
  [
    /^Resource::\*$/,
    "of services that know no resource in these actions (log delivery, X-Ray, ECR's token): test/infra/roles.txt lists each with its reason",
  ],
];

/** AWS's own rules, with the wildcards that `WILDCARDS` explains; references of other stacks have their names only when all is put together. */
export class ExplainedChecks extends AwsSolutionsChecks {
  override validateScope(scope: IConstruct): PolicyValidationPluginReport {
    const { violations } = super.validateScope(scope);
    const left = violations.filter(({ ruleName }) => !explained(ruleName));
    return { success: left.length === 0, violations: left };
  }
}

function explained(ruleName: string): boolean {
  const finding = /^AwsSolutions-IAM5\[(.*)\]$/s.exec(ruleName)?.[1];
  return finding !== undefined && WILDCARDS.some(([pattern]) => pattern.test(finding));
}
