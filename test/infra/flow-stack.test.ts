// What follows the evidence: nothing is lost, nothing is handled by whom it is not for.
import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { templates } from "#test/support/deployment.ts";

const { flow: template, data } = templates("minimal");

describe("the feed of new objects", () => {
  test("begins at the bucket, for what becomes a leaf of the ledger and not for the ledger itself", () => {
    data.hasResourceProperties("AWS::S3::Bucket", {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    template.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: {
        source: ["aws.s3"],
        "detail-type": ["Object Created"],
        detail: {
          bucket: { name: [Match.anyValue()] },
          object: { key: [{ prefix: "events/" }, { prefix: "recordings/" }, { prefix: "sealed/" }] },
        },
      },
    });
  });

  test("tells of every task of the gateway that has stopped", () => {
    template.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: {
        source: ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        detail: { clusterArn: [Match.anyValue()], group: [Match.anyValue()], lastStatus: ["STOPPED"] },
      },
    });
  });

  test("tries ten times, then keeps the notice for two weeks, encrypted", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      RedrivePolicy: { maxReceiveCount: 10, deadLetterTargetArn: Match.anyValue() },
      KmsMasterKeyId: Match.anyValue(),
    });
    template.allResourcesProperties("AWS::SQS::Queue", { MessageRetentionPeriod: 1_209_600 });
    template.resourceCountIs("AWS::Lambda::EventSourceMapping", 3);
    template.allResourcesProperties("AWS::Lambda::EventSourceMapping", {
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: Match.anyValue() },
    });
    // What is being handled is not handed out a second time meanwhile.
    const queues = Object.values(template.findResources("AWS::SQS::Queue")).map(({ Properties }) => Properties);
    const seconds = Object.values(template.findResources("AWS::Lambda::Function")).map(
      ({ Properties }) => Properties.Timeout,
    );
    const hidden = queues.flatMap(({ VisibilityTimeout }) =>
      VisibilityTimeout === undefined ? [] : [VisibilityTimeout],
    );
    expect(hidden.sort()).toEqual(seconds.map((one) => 6 * one).sort());
  });
});

test("queues take events of this account alone", () => {
  const policies = Object.entries(template.findResources("AWS::SQS::QueuePolicy")).filter(([id]) =>
    id.includes("QueuePolicy"),
  );
  expect(policies).toHaveLength(3);
  for (const [id, { Properties }] of policies) {
    const own = (Properties.PolicyDocument.Statement as { Sid?: string }[]).filter(({ Sid }) => Sid === "OwnEvents");
    expect(own, id).toEqual([
      expect.objectContaining({
        Effect: "Deny",
        Action: "sqs:SendMessage",
        Condition: {
          Null: { "aws:SourceAccount": "false" },
          StringNotEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
        },
      }),
    ]);
  }
});

describe("who writes", () => {
  const all = templates("minimal");
  const roles = Object.entries(all).flatMap(([stack, one]) =>
    Object.entries(one.findResources("AWS::IAM::Role")).map(([id, { Properties }]) => ({
      name: `${stack}/${id.slice(0, -8)}`,
      tags: ((Properties.Tags ?? []) as { Key: string }[]).map(({ Key }) => Key),
    })),
  );
  const writersOf = (prefix: string) =>
    roles.filter(({ tags }) => tags.includes(`postern-writes-${prefix}`)).map(({ name }) => name);

  test("evidence: the gateway, recovery and officers for their events; the ledger: one function, which alone signs it", () => {
    expect(writersOf("events").sort()).toEqual(["control/officersRole", "flow/recoversessionRole", "proxy/TaskRole"]);
    for (const prefix of ["recordings", "sealed"]) expect(writersOf(prefix), prefix).toEqual(["proxy/TaskRole"]);
    expect(writersOf("ledger")).toEqual(["flow/sealledgerRole"]);
    const signers = Object.entries(all).flatMap(([stack, one]) =>
      Object.values(one.findResources("AWS::IAM::Policy"))
        .filter(({ Properties }) => JSON.stringify(Properties.PolicyDocument).includes("kms:Sign"))
        .map(({ Properties }) => `${stack}/${Properties.Roles[0].Ref.slice(0, -8)}`),
    );
    expect(signers).toEqual(["flow/sealledgerRole"]);
  });

  test("nobody else, whatever roles of the account may do", () => {
    for (const prefix of ["events", "recordings", "sealed", "ledger", "witness"])
      data.hasResourceProperties("AWS::S3::BucketPolicy", {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Effect: "Deny",
              Principal: { AWS: "*" },
              Action: "s3:PutObject",
              Condition: { StringNotEquals: { [`aws:PrincipalTag/postern-writes-${prefix}`]: "yes" } },
            }),
          ]),
        },
      });
  });
});

describe("witnesses of the ledger", () => {
  const { flow, watch, network, data: store } = templates("three-targets");
  const [cosign] = Object.entries(flow.findResources("AWS::Lambda::Function"))
    .filter(([id]) => id.startsWith("cosignledger"))
    .map(([, { Properties }]) => Properties);

  test("are asked once a minute, by a function that reaches nobody's network, and that settings alone bring about", () => {
    expect(cosign).toMatchObject({ ReservedConcurrentExecutions: 1, Timeout: 60 });
    expect(cosign?.VpcConfig).toBeUndefined();
    expect(cosign?.Environment.Variables.POSTERN_WITNESS_POLICY).toContain("quorum both");
    flow.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(1 minute)" });
    template.resourcePropertiesCountIs("AWS::Events::Rule", { ScheduleExpression: Match.anyValue() }, 0);
    expect(JSON.stringify(network.findResources("AWS::EC2::SecurityGroupEgress"))).not.toContain("witness");
  });

  test("are asked by who can neither sign the ledger nor write it", () => {
    const [policy] = Object.entries(flow.findResources("AWS::IAM::Policy"))
      .filter(([id]) => id.startsWith("cosignledger"))
      .map(
        ([, { Properties }]) =>
          Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[],
      );
    const may = (action: string) => (policy ?? []).filter(({ Action }) => [Action].flat().includes(action));
    expect(may("kms:Sign")).toEqual([]);
    expect(may("kms:GetPublicKey")).toHaveLength(1);
    expect(may("s3:PutObject")).toHaveLength(1);
    expect(JSON.stringify(may("s3:PutObject"))).toContain("/witness/*");
    expect(JSON.stringify(may("s3:PutObject"))).not.toContain("/ledger/");
    // And the bucket lets nobody else write what witnesses have signed.
    expect(JSON.stringify(store.findResources("AWS::S3::BucketPolicy"))).toContain("postern-writes-witness");
  });

  test("that are too few for a quarter of an hour are somebody's to know", () => {
    watch.hasResourceProperties("AWS::Logs::MetricFilter", { FilterPattern: '"short of its quorum of witnesses"' });
    watch.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "HeadsUncosigned",
      Period: 900,
      AlarmDescription: Match.stringLikeRegexp("cosigned by enough witnesses"),
    });
  });

  test("of which one has seen another ledger are somebody's to know within a minute, whatever the others say", () => {
    watch.hasResourceProperties("AWS::Logs::MetricFilter", { FilterPattern: '"disputed by a witness"' });
    watch.hasResourceProperties("AWS::CloudWatch::Alarm", { MetricName: "HeadsDisputed", Period: 60, Threshold: 0 });
  });
});
