// The evidence bucket: what the proxy writes once and nobody, the account's root user included, can change or delete before its time.
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from "aws-cdk-lib";
import { AnyPrincipal, Effect, PolicyStatement, type PolicyStatementProps } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

/** Six years, leap days included: what HIPAA asks for documentation (45 CFR 164.316(b)(2)(i)). */
const RETENTION = Duration.days(6 * 365 + 2);

export class EvidenceStack extends Stack {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, props);
    const key = new Key(this, "Key", {
      description: "Encrypts Postern's evidence at rest",
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.bucket = new Bucket(this, "Evidence", {
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(RETENTION),
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.forbidWeakening();
    this.acknowledge();
    new CfnOutput(this, "EvidenceBucket", { value: this.bucket.bucketName });
  }

  /** What the HIPAA rules of cdk-nag find, with the reason why it is left to the account. */
  private acknowledge(): void {
    const reasons = {
      S3BucketReplicationEnabled:
        "where copies may go, and to which account, is the operator's to say; KNOWN_LIMITATIONS.md names it",
      S3BucketLoggingEnabled: "data events of CloudTrail, which belong to the account, say more than access logs do",
    };
    for (const [rule, reason] of Object.entries(reasons))
      Validations.of(this).acknowledge({ id: `HIPAA.Security::HIPAA.Security-${rule}`, reason });
  }

  /** COMPLIANCE holds what is written; these keep the rules from being loosened for what is written next. */
  private forbidWeakening(): void {
    const objects = this.bucket.arnForObjects("*");
    const deny = (
      sid: string,
      actions: string[],
      resource: string,
      conditions: PolicyStatementProps["conditions"] = {},
    ) =>
      this.bucket.addToResourcePolicy(
        new PolicyStatement({
          sid,
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions,
          resources: [resource],
          conditions,
        }),
      );
    // An object may name a lock of its own instead of the default: never a weaker kind.
    deny("KeepMode", ["s3:PutObject", "s3:PutObjectRetention"], objects, {
      Null: { "s3:object-lock-mode": "false" },
      StringNotEquals: { "s3:object-lock-mode": "COMPLIANCE" },
    });
    deny("KeepVersions", ["s3:DeleteObjectVersion"], objects);
    deny("KeepRules", ["s3:PutBucketVersioning", "s3:PutLifecycleConfiguration"], this.bucket.bucketArn);
  }
}
