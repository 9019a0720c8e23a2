// The evidence bucket: what is written once, and nobody, the account's root user included, can change or delete before its time.
import { Duration, RemovalPolicy, Tags } from "aws-cdk-lib";
import { AnyPrincipal, Effect, PolicyStatement, type PolicyStatementProps } from "aws-cdk-lib/aws-iam";
import { type IKey, Key } from "aws-cdk-lib/aws-kms";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectLockRetention,
  ObjectOwnership,
  type ReplicationRule,
} from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import { explain } from "./explain.ts";
import type { Part } from "./part.ts";

/** Six years, leap days included: what HIPAA asks for documentation (45 CFR 164.316(b)(2)(i)). */
export const RETENTION_DAYS = 6 * 365 + 2;

const PREFIXES = ["events", "recordings", "sealed", "ledger", "witness"] as const;
type Prefix = (typeof PREFIXES)[number];

/** Tag of the roles that may write there. */
const writerTag = (prefix: Prefix) => `postern-writes-${prefix}`;

export class EvidenceBucket extends Bucket {
  readonly #key: IKey;

  constructor(scope: Construct, id: string, key: IKey, { replicate, accessLogs }: Settings["evidence"]) {
    super(scope, id, {
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(RETENTION_DAYS)),
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(replicate === undefined ? {} : { replicationRules: [replication(scope, replicate)] }),
      ...(accessLogs === undefined
        ? {}
        : {
            serverAccessLogsBucket: Bucket.fromBucketName(scope, "AccessLogs", accessLogs),
            serverAccessLogsPrefix: "postern-evidence/",
          }),
    });
    this.#key = key;
    // Said by the bucket itself: CDK's own switch makes a function with rights over every bucket.
    (this.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    this.forbidWeakening();
    if (replicate === undefined)
      explain(this, {
        "HIPAA.Security-S3BucketReplicationEnabled":
          "`evidence.replicate` names where copies go: which account may hold them is the operator's to say. Until then versions and Object Lock keep the one copy",
      });
    if (accessLogs === undefined) {
      const reason =
        "`evidence.accessLogs` names the bucket; without it CloudTrail's data events, which belong to the account, say who read what";
      explain(this, { "HIPAA.Security-S3BucketLoggingEnabled": reason, "AwsSolutions-S1": reason });
    }
  }

  /** Lets a part write evidence under these prefixes, and read back what it wrote and how it is locked. @returns the bucket's name */
  lendToWrite(part: Part, ...prefixes: readonly Prefix[]): string {
    this.lendToRead(part, ...prefixes);
    part.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ["s3:PutObject", "s3:PutObjectRetention"], resources: this.#objects(prefixes) }),
    );
    const role = part.grantPrincipal;
    if (!Construct.isConstruct(role)) throw new Error("who writes evidence has a role of its own");
    for (const prefix of prefixes) Tags.of(role).add(writerTag(prefix), "yes");
    this.#key.grant(part, "kms:GenerateDataKey");
    return this.bucketName;
  }

  /** Lets a part read these prefixes. @returns the bucket's name */
  lendToRead(part: Part, ...prefixes: readonly Prefix[]): string {
    const may = (actions: string[], resources: string[]) =>
      part.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
    may(["s3:GetObject", "s3:GetObjectRetention"], this.#objects(prefixes));
    may(["s3:ListBucket", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning"], [this.bucketArn]);
    this.#key.grant(part, "kms:Decrypt");
    return this.bucketName;
  }

  #objects(prefixes: readonly Prefix[]): string[] {
    return prefixes.map((prefix) => this.arnForObjects(`${prefix}/*`));
  }

  /** COMPLIANCE holds what is written; these keep the rules from being loosened for what is written next. */
  private forbidWeakening(): void {
    const objects = this.arnForObjects("*");
    const deny = (
      sid: string,
      actions: string[],
      resource: string,
      conditions: PolicyStatementProps["conditions"] = {},
    ) =>
      this.addToResourcePolicy(
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
    // Whatever other roles of the account may do: evidence is written by those that were lent it, the ledger by its one writer.
    for (const prefix of PREFIXES)
      deny(`Writers${prefix}`, ["s3:PutObject"], this.arnForObjects(`${prefix}/*`), {
        StringNotEquals: { [`aws:PrincipalTag/${writerTag(prefix)}`]: "yes" },
      });
    deny("KeepVersions", ["s3:DeleteObjectVersion"], objects);
    deny("KeepRules", ["s3:PutBucketVersioning", "s3:PutLifecycleConfiguration"], this.bucketArn);
  }
}

function replication(
  scope: Construct,
  { bucket, key, account }: NonNullable<Settings["evidence"]["replicate"]>,
): ReplicationRule {
  return {
    destination: Bucket.fromBucketAttributes(scope, "Copy", {
      bucketArn: bucket,
      ...(account === undefined ? {} : { account }),
    }),
    kmsKey: Key.fromKeyArn(scope, "CopyKey", key),
    sseKmsEncryptedObjects: true,
    metricsAndReplicationTimeControl: undefined,
    deleteMarkerReplication: false,
    ...(account === undefined ? {} : { accessControlTransition: true }),
  } as ReplicationRule;
}
