// Who asks: a role that named principals may take on. It runs questions in the one workgroup, reads what is in the clear, and nothing that is sealed.

import { Stack } from "aws-cdk-lib";
import { ArnPrincipal, CompositePrincipal, Effect, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { EvidenceBucket } from "./evidence-bucket.ts";

export interface AuditorRoleProps {
  /** ARNs of those who may take it on. */
  readonly auditors: readonly string[];
  /** Of the workgroup, and of the Glue database. */
  readonly name: string;
  readonly evidence: EvidenceBucket;
  readonly answers: Bucket;
  /** Encrypts both buckets. */
  readonly key: IKey;
}

export class AuditorRole extends Role {
  constructor(scope: Construct, id: string, { auditors, name, evidence, answers, key }: AuditorRoleProps) {
    super(scope, id, {
      description: "Asks questions about Postern's evidence; cannot read what is sealed",
      assumedBy: new CompositePrincipal(...auditors.map((arn) => new ArnPrincipal(arn))),
    });
    const stack = Stack.of(this);
    const may = (actions: string[], resources: string[]) =>
      this.addToPolicy(new PolicyStatement({ actions, resources }));
    may(
      [
        ...["StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "GetQueryResults", "ListQueryExecutions"],
        ...["GetWorkGroup", "GetNamedQuery", "BatchGetNamedQuery", "ListNamedQueries"],
      ].map((action) => `athena:${action}`),
      [stack.formatArn({ service: "athena", resource: "workgroup", resourceName: name })],
    );
    const glue = (resource: string, resourceName?: string) =>
      stack.formatArn({ service: "glue", resource, ...(resourceName === undefined ? {} : { resourceName }) });
    may(
      ["glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"],
      [glue("catalog"), glue("database", name), glue("table", `${name}/events`)],
    );
    evidence.lendToRead(this, "events", "recordings", "ledger", "witness");
    // Athena writes the answer as whoever asks.
    may(
      ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      [answers.arnForObjects("answers/*")],
    );
    may(["s3:GetBucketLocation", "s3:ListBucket"], [answers.bucketArn]);
    may(["s3:GetBucketLocation"], [evidence.bucketArn]);
    key.grant(this, "kms:GenerateDataKey");
    // Whatever else is attached to it some day.
    this.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ["s3:GetObject", "s3:GetObjectVersion"],
        resources: [evidence.arnForObjects("sealed/*")],
      }),
    );
  }
}
