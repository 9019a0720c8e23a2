// The evidence bucket from the synthesized template, where the stand-in's CloudFormation makes none like it: of its properties, lock and policy.
import {
  CreateBucketCommand,
  PutBucketPolicyCommand,
  PutObjectLockConfigurationCommand,
  type PutObjectLockConfigurationCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Assembly, TemplateResource } from "./assembly.ts";

export interface BucketProperties {
  readonly ObjectLockEnabled: boolean;
  readonly ObjectLockConfiguration: PutObjectLockConfigurationCommandInput["ObjectLockConfiguration"];
}
interface Statement {
  readonly Sid?: string;
  readonly Action: unknown;
  readonly Condition?: object;
}

/** Rules of the policy that stand-ins can judge by: roles have no tags there, and nothing has TLS. */
const JUDGED: readonly string[] = ["KeepMode", "KeepVersions", "KeepRules"];

/** Makes the bucket, all of it. */
export async function makeBucket(s3: S3Client, Bucket: string, { stacks }: Assembly): Promise<void> {
  const { ObjectLockEnabled } = evidenceBucket(stacks);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: ObjectLockEnabled }));
  await putLock(s3, Bucket, { stacks });
  const Statement = policyOf(stacks)
    .filter(({ Sid }) => Sid !== undefined && JUDGED.includes(Sid))
    .map((statement) => ({ ...statement, Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`] }));
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

/** Adds the lock to a bucket that was made without. */
export async function putLock(s3: S3Client, Bucket: string, { stacks }: Pick<Assembly, "stacks">): Promise<void> {
  const { ObjectLockConfiguration } = evidenceBucket(stacks);
  await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
}

export function evidenceBucket(stacks: Assembly["stacks"]): BucketProperties {
  return one(stacks, "AWS::S3::Bucket").Properties as unknown as BucketProperties;
}

function policyOf(stacks: Assembly["stacks"]): readonly Statement[] {
  const { PolicyDocument } = one(stacks, "AWS::S3::BucketPolicy").Properties as {
    PolicyDocument: { Statement: Statement[] };
  };
  return PolicyDocument.Statement;
}

function one(stacks: Assembly["stacks"], type: string): TemplateResource {
  const found = Object.values(stacks.PosternData ?? {}).filter(({ Type }) => Type === type);
  if (found.length !== 1) throw new Error(`the template has ${found.length} of ${type}`);
  return found[0] as TemplateResource;
}
