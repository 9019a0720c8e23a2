// Amazon Comprehend Medical of a test's own: it finds what the test names, in the form that AWS's documentation gives for DetectPHI.
import { type AwsAnswer, type AwsRequest, type AwsService, startAwsService } from "./aws-service.ts";

export interface FakeComprehend extends AwsService {
  /** Words that it takes for identifiers. */
  words: readonly string[];
  /** Asked first: an answer of its own, null for none ever; undefined lets it look for words. */
  fault: (text: string) => AwsAnswer | null | undefined;
  /** The texts that it was given. */
  readonly texts: string[];
  /** Milliseconds before each answer. */
  delay: number;
}

export async function startComprehend(words: readonly string[]): Promise<FakeComprehend> {
  const state = {
    words,
    fault: (_: string): AwsAnswer | null | undefined => undefined,
    texts: [] as string[],
    delay: 0,
  };
  const service = await startAwsService("comprehendmedical", async ({ body }: AwsRequest) => {
    const { Text } = JSON.parse(body) as { Text: string };
    state.texts.push(Text);
    if (state.delay > 0) await new Promise((resolve) => setTimeout(resolve, state.delay));
    const fault = state.fault(Text);
    return fault === undefined ? { body: JSON.stringify(detected(Text, state.words)) } : fault;
  });
  return Object.assign(state, service);
}

/** DetectPHI's answer: offsets in code points. */
function detected(text: string, words: readonly string[]): object {
  const entities = words.flatMap((word) => {
    const found: object[] = [];
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
      const BeginOffset = [...text.slice(0, at)].length;
      found.push({
        Id: found.length,
        BeginOffset,
        EndOffset: BeginOffset + [...word].length,
        Score: 0.997,
        Text: word,
        Category: "PROTECTED_HEALTH_INFORMATION",
        Type: "NAME",
        Traits: [],
      });
    }
    return found;
  });
  return { Entities: entities, ModelVersion: "2.3.0" };
}
