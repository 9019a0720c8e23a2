// The lock of the evidence bucket, from the synthesized template: the stand-in's CloudFormation makes the bucket, and leaves its lock out.
import {
  PutObjectLockConfigurationCommand,
  type PutObjectLockConfigurationCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Assembly } from "./assembly.ts";

export async function putLock(s3: S3Client, Bucket: string, { stacks }: Assembly): Promise<void> {
  const [bucket, ...others] = Object.values(stacks.PosternData ?? {}).filter(({ Type }) => Type === "AWS::S3::Bucket");
  if (bucket === undefined || others.length > 0) throw new Error("the template has not one bucket");
  type Properties = Pick<PutObjectLockConfigurationCommandInput, "ObjectLockConfiguration">;
  const { ObjectLockConfiguration } = bucket.Properties as Properties;
  await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
}
