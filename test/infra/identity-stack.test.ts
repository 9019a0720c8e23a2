// Who vouches for identities; and that the gateway learns their keys without a way to the internet.
import { Match, Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { deployment, sample, templates } from "#test/support/deployment.ts";
import { environmentOf } from "#test/support/task.ts";

const minimal = templates("minimal");

describe("a user pool", () => {
  test("lets nobody sign up, asks for a second factor, and is kept", () => {
    minimal.identity.hasResource("AWS::Cognito::UserPool", {
      DeletionPolicy: "Retain",
      Properties: Match.objectLike({
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        MfaConfiguration: "ON",
        EnabledMfas: ["SOFTWARE_TOKEN_MFA"],
        DeletionProtection: "ACTIVE",
        UserPoolAddOns: { AdvancedSecurityMode: "ENFORCED" },
        LambdaConfig: { PreTokenGenerationConfig: Match.objectLike({ LambdaVersion: "V2_0" }) },
      }),
    });
    const groups = Object.values(minimal.identity.findResources("AWS::Cognito::UserPoolGroup"));
    expect(groups.map(({ Properties }) => Properties.GroupName).sort()).toEqual([
      "auditor",
      "dba",
      "engineer",
      "nurse",
      "privacy",
    ]);
  });

  test("gives tokens by the code flow alone, and nobody the right to write their own groups", () => {
    minimal.identity.hasResourceProperties("AWS::Cognito::UserPoolClient", {
      AllowedOAuthFlows: ["code"],
      AllowedOAuthScopes: ["openid", "email"],
      GenerateSecret: false,
      SupportedIdentityProviders: ["COGNITO"],
    });
  });

  test("stands behind SAML and OIDC providers where settings name them", () => {
    const settings = sample("minimal");
    const cognito = {
      domain: "postern-example",
      groups: [],
      saml: [{ name: "Hospital", metadata: "https://idp.example.org/metadata", groups: "groups" }],
      oidc: [
        {
          name: "Partner",
          issuer: "https://partner.example.org",
          clientId: "postern",
          secret: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:partner-AbCdEf",
          groups: "roles",
        },
      ],
    };
    const template = Template.fromStack(deployment({ ...settings, identity: { cognito } }).stacks.identity);
    template.hasResourceProperties("AWS::Cognito::UserPoolIdentityProvider", {
      ProviderName: "Hospital",
      ProviderType: "SAML",
      ProviderDetails: { MetadataURL: "https://idp.example.org/metadata" },
      AttributeMapping: Match.objectLike({ "custom:groups": "groups" }),
    });
    template.hasResourceProperties("AWS::Cognito::UserPoolIdentityProvider", {
      ProviderType: "OIDC",
      AttributeMapping: Match.objectLike({ "custom:groups": "roles" }),
    });
    // Then nobody has a password here.
    template.hasResourceProperties("AWS::Cognito::UserPoolClient", {
      SupportedIdentityProviders: [
        { Ref: Match.stringLikeRegexp("SamlHospital") },
        { Ref: Match.stringLikeRegexp("OidcPartner") },
      ],
    });
  });
});

test("an issuer of the team's own: no user pool, and its name and audience everywhere", () => {
  const { identity, proxy, control } = templates("existing-aurora");
  identity.resourceCountIs("AWS::Cognito::UserPool", 0);
  const { issuers } = JSON.parse(environmentOf(proxy).POSTERN_CONFIG as string);
  expect(issuers).toMatchObject([{ issuer: "https://login.example.org/realms/staff", audience: "postern" }]);
  control.hasResourceProperties("AWS::Lambda::Function", {
    Environment: { Variables: Match.objectLike({ POSTERN_ISSUER: "https://login.example.org/realms/staff" }) },
  });
});

describe("the relay of the key set", () => {
  test("is private, takes one GET from our endpoint, and fetches one address", () => {
    const { identity } = templates("existing-aurora");
    identity.hasResourceProperties("AWS::ApiGateway::RestApi", {
      EndpointConfiguration: { Types: ["PRIVATE"], VpcEndpointIds: Match.anyValue() },
      Policy: {
        Statement: [
          Match.objectLike({
            Resource: "execute-api:/live/GET/keys",
            Condition: { StringEquals: { "aws:SourceVpce": Match.anyValue() } },
          }),
        ],
      },
    });
    identity.resourceCountIs("AWS::ApiGateway::Method", 1);
    identity.hasResourceProperties("AWS::ApiGateway::Method", {
      HttpMethod: "GET",
      Integration: {
        Type: "HTTP_PROXY",
        IntegrationHttpMethod: "GET",
        Uri: "https://login.example.org/realms/staff/protocol/openid-connect/certs",
      },
    });
  });

  test("is where the gateway asks", () => {
    const { issuers } = JSON.parse(environmentOf(minimal.proxy).POSTERN_CONFIG as string);
    expect(issuers[0].jwksUri).toMatch(/^https:\/\/[\w-]+\.execute-api\.eu-central-1\.amazonaws\.com\/live\/keys$/);
  });
});
