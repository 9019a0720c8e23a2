// Whoever has to know is told; and nothing that is counted or drawn can hold PHI.

import { readdirSync, readFileSync } from "node:fs";
import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { templates } from "#test/support/deployment.ts";
import { ROOT } from "#test/support/project.ts";

const { watch, audit, control, flow } = templates("existing-aurora");
const alarms = Object.values(watch.findResources("AWS::CloudWatch::Alarm")).map(({ Properties }) => Properties);

describe("the alarms", () => {
  test("are there for the gateway, evidence, approvals and every function", () => {
    const functions = [control, flow].flatMap((one) => Object.values(one.findResources("AWS::Lambda::Function")));
    const dead = Object.keys(flow.findResources("AWS::SQS::Queue")).filter((id) => id.includes("Dead"));
    expect(dead.length).toBeGreaterThan(0);
    expect(alarms).toHaveLength(8 + functions.length + 2 * dead.length);
    for (const { AlarmActions, AlarmDescription } of alarms) {
      expect(AlarmActions).toHaveLength(1);
      expect(AlarmDescription).toMatch(/\w+ .*[.:]/);
    }
    watch.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: "on-call@example.org" });
    watch.hasResourceProperties("AWS::SNS::Topic", { KmsMasterKeyId: Match.anyValue() });
  });

  test("are there for the function that nobody logs in without, where there is one", { timeout: 120_000 }, () => {
    templates("minimal").watch.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "Errors",
      AlarmDescription: Match.stringLikeRegexp("^TokenClaims failed"),
    });
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

  test("every query of infra/audit is there by its name, and every column of the table", () => {
    const queries = Object.values(audit.findResources("AWS::Athena::NamedQuery")).map(({ Properties }) => Properties);
    const files = readdirSync(`${ROOT}/infra/audit/queries`);
    expect(queries.map(({ Name }) => `${Name}.sql`).sort()).toEqual(files.sort());
    for (const { Name, QueryString, Description } of queries) {
      expect(QueryString).toBe(readFileSync(`${ROOT}/infra/audit/queries/${Name}.sql`, "utf8"));
      expect(Description.length).toBeGreaterThan(20);
    }
    const { columns } = JSON.parse(readFileSync(`${ROOT}/infra/audit/events.json`, "utf8"));
    const [table] = Object.values(audit.findResources("AWS::Glue::Table"));
    const { StorageDescriptor, PartitionKeys, Parameters } = table?.Properties.TableInput ?? {};
    expect(StorageDescriptor.Columns.map(({ Name }: { Name: string }) => Name)).toEqual(Object.keys(columns));
    expect(JSON.stringify(StorageDescriptor.Columns)).not.toMatch(/json|[a-z][A-Z]\w*:/);
    expect(PartitionKeys.map(({ Name }: { Name: string }) => Name)).toEqual(["date", "target"]);
    expect(Parameters).toMatchObject({
      "projection.target.values": "clinic,gateway",
      "projection.date.format": "yyyy-MM-dd",
    });
  });
});
