// What officers ask of each other, in DynamoDB: a table of its own, in which nobody else writes. They are few, and lie under one key, by id.
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { OfficerRequest, OfficerStore } from "#shared/evidence/officers.ts";
import { stateOf, unlessChecked } from "./dynamo-approvals.ts";

const KIND = "request";
/** What has run out is in the evidence if it was agreed to; here it is of no more use. */
const KEPT_MS = 30 * 86_400_000;

export function dynamoOfficers(client: DynamoDBClient, table: string): OfficerStore {
  const keyOf = (id: string): Record<string, AttributeValue> => ({ kind: { S: KIND }, id: { S: id } });
  const wordsOf = (request: OfficerRequest) => ({
    ":state": { S: JSON.stringify(request) },
    ":expires": { N: String(Math.ceil((request.until + KEPT_MS) / 1000)) },
  });
  return {
    async enter(request) {
      const { ":state": state, ":expires": expires } = wordsOf(request);
      const Item = { ...keyOf(request.id), state, expires };
      const ConditionExpression = "attribute_not_exists(id)";
      if (
        !(await unlessChecked(() => client.send(new PutItemCommand({ TableName: table, Item, ConditionExpression }))))
      )
        throw new Error("there is a request of this id already");
    },
    async get(id) {
      const found = await client.send(new GetItemCommand({ TableName: table, Key: keyOf(id), ConsistentRead: true }));
      return stateOf<OfficerRequest>(found.Item);
    },
    agree: (request) =>
      unlessChecked(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: keyOf(request.id),
            UpdateExpression: "SET #state = :state, expires = :expires, agreed = :yes",
            ConditionExpression: "attribute_exists(id) AND attribute_not_exists(agreed)",
            ExpressionAttributeNames: { "#state": "state" },
            ExpressionAttributeValues: { ...wordsOf(request), ":yes": { BOOL: true } },
          }),
        ),
      ),
    async latest(limit) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: "kind = :kind",
          ExpressionAttributeValues: { ":kind": { S: KIND } },
          ConsistentRead: true,
          ScanIndexForward: false,
          Limit: limit,
        }),
      );
      return Items.map((item) => stateOf<OfficerRequest>(item)).filter((request) => request !== null);
    },
  };
}
