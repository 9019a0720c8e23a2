// What the synthesized template promises of the approval workflow.
import { App, Validations } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { HIPAASecurityChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { INDEXES } from "#functions/adapters/dynamo-approvals.ts";
import { ApprovalsStack } from "../../infra/stacks/approvals-stack.ts";

/** Without bundling: what is in the functions is tried elsewhere, for real. */
const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
const stack = new ApprovalsStack(app, "Test");
const template = Template.fromStack(stack);

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
    .filter((action) => !action.startsWith("kms:") && !action.startsWith("xray:"))
    .sort();
}

describe("the approval workflow", () => {
  test("passes the HIPAA rules, but for what is acknowledged with a reason", () => {
    const fresh = new App({ context: { "aws:cdk:bundling-stacks": [] } });
    new ApprovalsStack(fresh, "Test");
    Validations.of(fresh).addPlugins(new HIPAASecurityChecks(fresh));
    expect(() => fresh.synth()).not.toThrow();
  });

  test("keeps requests encrypted, recoverable, and beyond the life of the stack", () => {
    template.resourceCountIs("AWS::DynamoDB::Table", 1);
    template.hasResource("AWS::DynamoDB::Table", {
      DeletionPolicy: "Retain",
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: "KMS" },
        TimeToLiveSpecification: { AttributeName: "expires", Enabled: true },
      },
    });
  });

  test("has the indexes that the store asks", () => {
    const [table] = Object.values(template.findResources("AWS::DynamoDB::Table"));
    const indexes = table?.Properties.GlobalSecondaryIndexes as { IndexName: string; KeySchema: object[] }[];
    const keys = indexes.map(({ IndexName, KeySchema }) => [IndexName, KeySchema]);
    expect(Object.fromEntries(keys)).toEqual(
      Object.fromEntries(
        Object.entries(INDEXES).map(([name, sort]) => [
          name,
          [
            { AttributeName: name, KeyType: "HASH" },
            { AttributeName: sort, KeyType: "RANGE" },
          ],
        ]),
      ),
    );
  });

  test("gives each function what it does, and no more", () => {
    const table = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"];
    const secret = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"];
    expect(actionsOf("approvalrequest")).toEqual([...table, "states:StartExecution"].sort());
    expect(actionsOf("approvalexpire")).toEqual(table);
    expect(actionsOf("notify")).toEqual([...table, ...secret, "ses:SendEmail", "states:SendTaskSuccess"].sort());
    expect(actionsOf("approvalanswer")).toEqual(
      [...table, ...secret, "states:SendTaskSuccess", "states:StartExecution"].sort(),
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
    expect(keys.filter((key) => !/^(GET|POST) \/(slack|approvals|break-glass)/.test(key))).toEqual([]);
    template.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
      DefaultRouteSettings: { ThrottlingRateLimit: 25, ThrottlingBurstLimit: 50 },
      AccessLogSettings: Match.anyValue(),
    });
  });
});
