// How a gateway without a way to the internet learns its issuer's keys: a private API that fetches this one public document, and nothing else.
// (PrivateLink of Cognito serves no user pool that has a domain.)
import { Aws } from "aws-cdk-lib";
import { EndpointType, HttpIntegration, type IResource, RestApi } from "aws-cdk-lib/aws-apigateway";
import type { IInterfaceVpcEndpoint } from "aws-cdk-lib/aws-ec2";
import { AnyPrincipal, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { explain } from "./explain.ts";

const PUBLIC =
  "what passes is one public document, the issuer's key set; the API's policy takes GET from our endpoint alone";

export class KeySetRelay extends Construct {
  /** Where the key set is, from inside. */
  readonly url: string;

  constructor(scope: Construct, id: string, endpoint: IInterfaceVpcEndpoint, keySet: string) {
    super(scope, id);
    const api = new RestApi(this, "Api", {
      description: "The issuer's key set, for the gateway",
      endpointConfiguration: { types: [EndpointType.PRIVATE], vpcEndpoints: [endpoint] },
      policy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            principals: [new AnyPrincipal()],
            actions: ["execute-api:Invoke"],
            resources: ["execute-api:/live/GET/keys"],
            conditions: { StringEquals: { "aws:SourceVpce": endpoint.vpcEndpointId } },
          }),
        ],
      }),
      deployOptions: { stageName: "live", tracingEnabled: true, throttlingRateLimit: 20, throttlingBurstLimit: 40 },
      cloudWatchRole: false,
    });
    const keys: IResource = api.root.addResource("keys");
    keys.addMethod("GET", new HttpIntegration(keySet, { httpMethod: "GET", proxy: true }));
    this.url = `https://${api.restApiId}-${endpoint.vpcEndpointId}.execute-api.${Aws.REGION}.amazonaws.com/live/keys`;
    explain(api, {
      "AwsSolutions-APIG1": `${PUBLIC}. Logs of a REST API need a role that counts for the whole account`,
      "AwsSolutions-APIG2": "it takes no parameter and no body",
      "AwsSolutions-APIG3": `${PUBLIC}; it is throttled, and reached from the VPC only`,
      "AwsSolutions-APIG4": PUBLIC,
      "AwsSolutions-APIG6": `${PUBLIC}. Logs of a REST API need a role that counts for the whole account`,
      "AwsSolutions-COG4": PUBLIC,
      "HIPAA.Security-APIGWCacheEnabledAndEncrypted":
        "key sets change when keys are withdrawn: a cache would keep them; the gateway has its own",
      "HIPAA.Security-APIGWExecutionLoggingEnabled": `${PUBLIC}. Logs of a REST API need a role that counts for the whole account`,
      "HIPAA.Security-APIGWSSLEnabled": "the issuer takes no client certificates: its key set is public",
    });
  }
}
