// Events as AWS documents them: Amazon S3 User Guide, "EventBridge event message structure"; Amazon ECS Developer Guide, "Amazon ECS task state
// change events"; AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
import { randomUUID } from "node:crypto";

export function objectCreated(bucket: string, key: string): object {
  return {
    version: "0",
    id: "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    source: "aws.s3",
    account: "111122223333",
    time: "2026-11-20T14:00:00Z",
    region: "eu-central-1",
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: "0",
      bucket: { name: bucket },
      object: {
        key,
        size: 5,
        etag: "b1946ac92492d2347c6235b4d2611184",
        "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
        sequencer: "617f08299329d189",
      },
      "request-id": "N4N7GDK58NMKJ12R",
      requester: "123456789012",
      "source-ip-address": "10.1.2.3",
      reason: "PutObject",
    },
  };
}

export function taskStateChange(task: string, lastStatus: string, stoppedAt?: string): object {
  return {
    version: "0",
    id: "9bcdac79-b31f-4d3d-9410-fbd727c29fab",
    "detail-type": "ECS Task State Change",
    source: "aws.ecs",
    account: "111122223333",
    time: "2026-11-20T14:00:06Z",
    region: "eu-central-1",
    resources: [`arn:aws:ecs:eu-central-1:111122223333:task/postern/${task}`],
    detail: {
      attachments: [{ id: "1789bcae-ddfb-4d10-8ebe-8ac87ddba5b8", type: "eni", status: "DELETED", details: [] }],
      availabilityZone: "eu-central-1b",
      clusterArn: "arn:aws:ecs:eu-central-1:111122223333:cluster/postern",
      containers: [{ name: "proxy", lastStatus, exitCode: 137, networkInterfaces: [], cpu: "0" }],
      cpu: "1024",
      createdAt: "2026-11-20T13:00:02.671Z",
      desiredStatus: "STOPPED",
      group: "service:proxy",
      lastStatus,
      launchType: "FARGATE",
      memory: "2048",
      platformVersion: "1.4.0",
      startedAt: "2026-11-20T13:00:52.671Z",
      startedBy: "ecs-svc/1234567890123456789",
      ...(stoppedAt === undefined ? {} : { stoppedAt, stoppingAt: stoppedAt, stopCode: "EssentialContainerExited" }),
      taskArn: `arn:aws:ecs:eu-central-1:111122223333:task/postern/${task}`,
      taskDefinitionArn: "arn:aws:ecs:eu-central-1:111122223333:task-definition/proxy:1",
      updatedAt: "2026-11-20T14:00:06.671Z",
      version: 6,
    },
  };
}

/** What Lambda is called with for messages of a queue. */
export function queued(...bodies: readonly (object | string)[]) {
  return {
    Records: bodies.map((body) => ({
      messageId: randomUUID(),
      receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
      body: typeof body === "string" ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1732111200000" },
      messageAttributes: {},
      md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-central-1:111122223333:queue",
      awsRegion: "eu-central-1",
    })),
  };
}
