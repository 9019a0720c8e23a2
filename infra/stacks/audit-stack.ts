// Where auditors ask: a Glue database over the evidence, and an Athena workgroup whose answers are encrypted and do not stay.
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import { CfnDatabase } from "aws-cdk-lib/aws-glue";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { AuditorRole } from "../constructs/auditor-role.ts";
import { EvidenceTables } from "../constructs/evidence-tables.ts";
import { explain } from "../constructs/explain.ts";
import type { DataStack } from "./data-stack.ts";
import type { KeysStack } from "./keys-stack.ts";

/** An answer is a copy of what is in the evidence: it is not kept. */
const ANSWER_DAYS = 30;
/** A question that reads more is stopped: some mistyped date. */
const MOST_BYTES = 1024 ** 4;

export interface AuditProps extends StackProps {
  readonly keys: KeysStack;
  readonly data: DataStack;
  readonly targets: readonly string[];
  /** ARNs of those who may take on the auditors' role. */
  readonly auditors: readonly string[];
}

export class AuditStack extends Stack {
  constructor(scope: Construct, id: string, props: AuditProps) {
    super(scope, id, props);
    const key = props.keys.evidence;
    const answers = new Bucket(this, "Answers", {
      versioned: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [{ expiration: Duration.days(ANSWER_DAYS), noncurrentVersionExpiration: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const short = `answers to questions about the evidence, gone after ${ANSWER_DAYS} days: they can be asked again`;
    explain(answers, {
      "HIPAA.Security-S3BucketReplicationEnabled": short,
      "HIPAA.Security-S3BucketLoggingEnabled": "Athena's history and CloudTrail say who asked what",
      "AwsSolutions-S1": "Athena's history and CloudTrail say who asked what",
    });
    const name = this.stackName.toLowerCase().replaceAll(/[^a-z0-9]/g, "_");
    const database = new CfnDatabase(this, "Database", {
      catalogId: this.account,
      databaseInput: { name, description: "Postern's evidence" },
    });
    const workgroup = new CfnWorkGroup(this, "Workgroup", {
      name,
      description: "Questions about Postern's evidence",
      workGroupConfiguration: {
        // Whoever asks cannot send the answer elsewhere, or leave it unencrypted.
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: MOST_BYTES,
        engineVersion: { selectedEngineVersion: "Athena engine version 3" },
        resultConfiguration: {
          outputLocation: answers.s3UrlForObject("answers/"),
          encryptionConfiguration: { encryptionOption: "SSE_KMS", kmsKey: key.keyArn },
          expectedBucketOwner: this.account,
        },
      },
    });
    new EvidenceTables(this, "Tables", { database, workgroup, bucket: props.data.bucket, targets: props.targets });
    if (props.auditors.length > 0) {
      const { auditors } = props;
      const role = new AuditorRole(this, "Auditor", { auditors, name, evidence: props.data.bucket, answers, key });
      new CfnOutput(this, "AuditorRole", { value: role.roleArn });
    }
    new CfnOutput(this, "AthenaWorkgroup", { value: name });
    new CfnOutput(this, "AuditDatabase", { value: name });
  }
}
