/**
 * Work that is done again and again, but never twice at a time: whoever asks while it is being done waits for that.
 * @param failed is told, and the work is over all the same. @returns what asks for it; resolves when it is over
 */
export function oneAtATime(work: () => Promise<void>, failed: () => void): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= work()
      .catch(failed)
      .finally(() => {
        running = null;
      });
    return running;
  };
}
