// What the synthesized template promises of what decides, asks and answers.
import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { templates } from "#test/support/deployment.ts";

const { control: template } = templates("minimal");

interface Policy {
  readonly Properties: {
    readonly PolicyDocument: { readonly Statement: readonly { Action: string | string[]; Resource: unknown }[] };
    readonly Roles: readonly { readonly Ref: string }[];
  };
}
/** Actions that the role of a function has, apart from those of keys and traces. */
function actionsOf(name: string): string[] {
  const policies = Object.values(template.findResources("AWS::IAM::Policy")) as unknown as Policy[];
  return policies
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }) => Ref.startsWith(name)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement.flatMap(({ Action }) => Action))
    .filter((action) => !/^(kms|xray|logs|ec2):/.test(action))
    .sort();
}

describe("the functions", () => {
  const functions = Object.entries(template.findResources("AWS::Lambda::Function"));

  test.each(functions)("%s runs on ARM64 and Node 24, encrypted, bounded", (_, { Properties }) => {
    expect(Properties).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      KmsKeyArn: expect.anything(),
      ReservedConcurrentExecutions: expect.any(Number),
      TracingConfig: { Mode: "Active" },
    });
  });

  test("stay in the private subnets, but for those that talk to the world", () => {
    const outside = functions.filter(([, { Properties }]) => Properties.VpcConfig === undefined).map(([id]) => id);
    expect(outside.map((id) => id.replace(/[0-9A-F]{8}$/, "")).sort()).toEqual([
      "approvalanswer",
      "notify",
      "officers",
    ]);
  });
});

test("the activity review is looked at every day, by a function that reads the index and the ledger and has people told", () => {
  template.hasResourceProperties("AWS::Events::Rule", {
    ScheduleExpression: "cron(0 5 * * ? *)",
    State: "ENABLED",
    Targets: [Match.objectLike({ Input: "{}", Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("^review"), "Arn"] } })],
  });
  expect(new Set(actionsOf("review"))).toEqual(
    new Set([
      ...["GetItem", "PutItem", "Query", "UpdateItem", "BatchGetItem"].map((action) => `dynamodb:${action}`),
      ...["GetObject", "GetObjectRetention", "ListBucket"].map((action) => `s3:${action}`),
      ...["GetBucketObjectLockConfiguration", "GetBucketVersioning"].map((action) => `s3:${action}`),
      "lambda:InvokeFunction",
    ]),
  );
});

describe("the approval workflow", () => {
  test("gives each function what it does, and no more", () => {
    const table = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"];
    const secret = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"];
    expect(actionsOf("approvalrequest")).toEqual([...table, "states:StartExecution"].sort());
    expect(actionsOf("approvalexpire")).toEqual(table);
    expect(actionsOf("notify")).toEqual([...table, ...secret, "ses:SendEmail", "states:SendTaskSuccess"].sort());
    expect(actionsOf("approvalanswer")).toEqual(
      [...table, "dynamodb:GetItem", ...secret, "states:SendTaskSuccess", "states:StartExecution"].sort(),
    );
  });

  test("writes the data of executions into no log", () => {
    template.hasResourceProperties("AWS::StepFunctions::StateMachine", {
      LoggingConfiguration: Match.objectLike({ IncludeExecutionData: false, Level: "ALL" }),
      DefinitionSubstitutions: { NotifyFunction: Match.anyValue(), ExpireFunction: Match.anyValue() },
    });
  });

  test("lets in what its routes name, throttled, and a wildcard for none of the rest", () => {
    const routes = Object.values(template.findResources("AWS::ApiGatewayV2::Route"));
    const keys = routes.map((route) => route.Properties.RouteKey as string);
    expect(
      keys.filter((key) => !/^(GET|POST) \/(slack|approvals|break-glass|reviews|policy|officers)/.test(key)),
    ).toEqual([]);
    template.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
      DefaultRouteSettings: { ThrottlingRateLimit: 25, ThrottlingBurstLimit: 50 },
      AccessLogSettings: Match.anyValue(),
    });
  });
});
