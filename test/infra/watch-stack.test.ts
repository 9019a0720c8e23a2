// Whoever has to know is told; and nothing that is counted or drawn can hold PHI.

import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { templates } from "#test/support/deployment.ts";

const { watch, audit, control } = templates("existing-aurora");
const alarms = Object.values(watch.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties);

describe("the alarms", () => {
  test("are there for the gateway, evidence, approvals and every function", () => {
    const functions = Object.values(control.findResources("AWS::Lambda::Function"));
    expect(alarms).toHaveLength(8 + functions.length);
    for (const { AlarmActions, AlarmDescription } of alarms) {
      expect(AlarmActions).toHaveLength(1);
      expect(AlarmDescription).toMatch(/\w+ .*[.:]/);
    }
    watch.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: "on-call@example.org" });
    watch.hasResourceProperties("AWS::SNS::Topic", { KmsMasterKeyId: Match.anyValue() });
  });

  test("tell of a gateway that is not there at all", () => {
    const silent = alarms.filter(({ TreatMissingData }) => TreatMissingData === "breaching");
    expect(silent.map(({ AlarmDescription }) => AlarmDescription)).toEqual([expect.stringMatching(/^Fewer gateways/)]);
  });

  test("tell of a key that is disabled, deleted, or opened to others", () => {
    watch.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: { detail: { eventName: ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"] } },
    });
  });
});

test("metric filters count lines by their level and kind, and take no value from them", () => {
  const filters = Object.values(watch.findResources("AWS::Logs::MetricFilter")).map(({ Properties }) => Properties);
  expect(filters).toHaveLength(2);
  for (const { FilterPattern, MetricTransformations } of filters) {
    expect(FilterPattern.replaceAll(/\$\.(level|what) = "(error|evidence)"/g, "")).toMatch(/^[\s{}()&]*$/);
    expect(MetricTransformations).toEqual([expect.not.objectContaining({ Dimensions: expect.anything() })]);
    expect(MetricTransformations[0].MetricValue).toBe("1");
  }
});

describe("where auditors ask", () => {
  test("answers are encrypted, in one place, bounded, and go after 30 days", () => {
    audit.hasResourceProperties("AWS::Athena::WorkGroup", {
      WorkGroupConfiguration: Match.objectLike({
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 1024 ** 4,
        ResultConfiguration: Match.objectLike({
          EncryptionConfiguration: { EncryptionOption: "SSE_KMS", KmsKey: Match.anyValue() },
        }),
      }),
    });
    audit.hasResourceProperties("AWS::S3::Bucket", {
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 30 })] },
      PublicAccessBlockConfiguration: Match.objectLike({ BlockPublicPolicy: true, RestrictPublicBuckets: true }),
    });
  });
});
