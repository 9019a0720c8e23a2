// Keys of the sealed lane, one for each session. Who seals can make and wrap them; who may open can unwrap them.

/** What a key is for. It is bound to the wrapped key: that opens for this session of this target, and for nothing else. */
export interface KeyContext {
  readonly session: string;
  /** As in the keys of objects (`Place`). */
  readonly target: string;
}

export interface DataKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** The same, to be opened by whoever has the other half of the pair. */
  readonly wrapped: Uint8Array;
}

/** AWS: KMS GenerateDataKey. Local: HPKE to a public key. Nothing here can open what it has wrapped. */
export interface DataKeys {
  generate(context: KeyContext): Promise<DataKey>;
}

/** For officers; never in the gateway. */
export interface DataKeyOpener {
  /** @throws when this is not the key for it, or the context is another */
  open(wrapped: Uint8Array, context: KeyContext): Promise<Uint8Array>;
}

/** Where wrapped keys are kept: outside the write-once store, so that one can be destroyed, and all that it opens with it. */
export interface WrappedKeys {
  /** Resolves when it is durable. The same bytes again are as good. @throws when the session has another already */
  put(session: string, wrapped: Uint8Array): Promise<void>;
  /** Null when there is none, or it was destroyed. */
  get(session: string): Promise<Uint8Array | null>;
  destroy(session: string): Promise<void>;
}
