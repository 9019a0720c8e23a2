// Who vouches for identities: a Cognito user pool, alone or behind the team's SAML and OIDC providers; or an issuer of the team's own.
import { Aws, CfnOutput, Duration, RemovalPolicy, SecretValue, Stack, type StackProps } from "aws-cdk-lib";
import {
  AccountRecovery,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  OAuthScope,
  ProviderAttribute,
  StandardThreatProtectionMode,
  StringAttribute,
  UserPool,
  UserPoolClientIdentityProvider,
  UserPoolGroup,
  UserPoolIdentityProviderOidc,
  UserPoolIdentityProviderSaml,
  UserPoolIdentityProviderSamlMetadata,
  UserPoolOperation,
} from "aws-cdk-lib/aws-cognito";
import type { IInterfaceVpcEndpoint } from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";
import { PosternFunction } from "../constructs/function.ts";
import { KeySetRelay } from "../constructs/key-set-relay.ts";
import type { Settings } from "../settings.ts";
import type { KeysStack } from "./keys-stack.ts";

/** Where `postern login` waits for the browser to come back. */
const CALLBACK = "http://localhost:6435/callback";

/** The issuer, as the gateway and the functions are told of it. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: string;
  /** Its key set on the internet, and by the relay from inside. */
  readonly jwks: string;
  readonly claims: Readonly<Record<string, string>>;
}

export interface IdentityProps extends StackProps {
  readonly keys: KeysStack;
  readonly identity: Settings["identity"];
  readonly apiEndpoint: IInterfaceVpcEndpoint;
}
type Cognito = NonNullable<Settings["identity"]["cognito"]>;

export class IdentityStack extends Stack {
  readonly issuer: Issuer;
  /** None where the issuer is the team's own. */
  readonly functions: readonly PosternFunction[];
  /** Address of the key set from inside the VPC. */
  readonly keySet: string;

  constructor(scope: Construct, id: string, props: IdentityProps) {
    super(scope, id, props);
    const { cognito, issuer } = props.identity;
    const claims = cognito === undefined ? null : this.makeClaims(cognito, props.keys);
    this.functions = claims === null ? [] : [claims];
    if (issuer !== undefined) {
      const { issuer: name, audience, keys, claims } = issuer;
      const given = Object.entries(claims).filter((entry): entry is [string, string] => entry[1] !== undefined);
      this.issuer = { issuer: name, audience, jwks: keys, claims: Object.fromEntries(given) };
    } else if (cognito !== undefined && claims !== null) this.issuer = this.makePool(cognito, claims);
    else throw new Error("settings name no identity");
    this.keySet = new KeySetRelay(this, "KeySet", props.apiEndpoint, this.issuer.jwks).url;
    new CfnOutput(this, "Issuer", { value: this.issuer.issuer });
    new CfnOutput(this, "Audience", { value: this.issuer.audience });
  }

  /** Puts name, groups, kind and audience where the gateway looks for them, in tokens of both kinds. */
  private makeClaims(cognito: Cognito, keys: KeysStack): PosternFunction {
    return new PosternFunction(this, "TokenClaims", {
      name: "token-claims",
      key: keys.service,
      seconds: 5,
      environment: { POSTERN_PREFIXES: JSON.stringify(prefixesOf(cognito)) },
    });
  }

  private makePool(cognito: Cognito, claims: PosternFunction): Issuer {
    const federated = cognito.saml.length + cognito.oidc.length > 0;
    const pool = new UserPool(this, "Users", {
      featurePlan: FeaturePlan.PLUS,
      standardThreatProtectionMode: StandardThreatProtectionMode.FULL_FUNCTION,
      selfSignUpEnabled: false,
      signInAliases: { username: true, email: true },
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(1),
      },
      // What a provider says of groups. Nobody may write it but the provider's assertion: the client has no scope for it.
      customAttributes: { groups: new StringAttribute({ mutable: true, maxLen: 2048 }) },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    pool.addTrigger(UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, claims, LambdaVersion.V2_0);
    for (const name of cognito.groups) new UserPoolGroup(this, `Group-${name}`, { userPool: pool, groupName: name });
    pool.addDomain("Domain", { cognitoDomain: { domainPrefix: cognito.domain } });
    const providers = [
      ...cognito.saml.map((one) => this.saml(pool, one)),
      ...cognito.oidc.map((one) => this.oidc(pool, one)),
    ];
    const client = pool.addClient("Client", {
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.EMAIL],
        callbackUrls: [CALLBACK],
      },
      authFlows: {},
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.minutes(60),
      idTokenValidity: Duration.minutes(60),
      refreshTokenValidity: Duration.hours(12),
      supportedIdentityProviders: federated
        ? providers.map(({ providerName }) => UserPoolClientIdentityProvider.custom(providerName))
        : [UserPoolClientIdentityProvider.COGNITO],
    });
    const address = `https://cognito-idp.${Aws.REGION}.amazonaws.com/${pool.userPoolId}`;
    new CfnOutput(this, "UserPool", { value: pool.userPoolId });
    new CfnOutput(this, "Login", { value: `https://${cognito.domain}.auth.${Aws.REGION}.amazoncognito.com` });
    return { issuer: address, audience: client.userPoolClientId, jwks: `${address}/.well-known/jwks.json`, claims: {} };
  }

  private saml(userPool: UserPool, { name, metadata, groups }: Cognito["saml"][number]) {
    return new UserPoolIdentityProviderSaml(this, `Saml-${name}`, {
      userPool,
      name,
      metadata: UserPoolIdentityProviderSamlMetadata.url(metadata),
      attributeMapping: mapping("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", groups),
    });
  }

  private oidc(userPool: UserPool, { name, issuer, clientId, secret, groups }: Cognito["oidc"][number]) {
    return new UserPoolIdentityProviderOidc(this, `Oidc-${name}`, {
      userPool,
      name,
      issuerUrl: issuer,
      clientId,
      clientSecret: SecretValue.secretsManager(secret).unsafeUnwrap(),
      scopes: ["openid", "email", "profile"],
      attributeMapping: mapping("email", groups),
    });
  }
}

function prefixesOf({ saml, oidc }: Cognito): Record<string, string> {
  return Object.fromEntries(
    [...saml, ...oidc].flatMap(({ name, prefix }) => (prefix === undefined ? [] : [[name, prefix]])),
  );
}

function mapping(email: string, groups: string) {
  return { email: ProviderAttribute.other(email), custom: { "custom:groups": ProviderAttribute.other(groups) } };
}
