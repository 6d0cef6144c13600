export type CheckedRequest = {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Longest body that is read, after decompression. */
  readonly max_bytes?: number;
  /**
   * Whole when missing. "start": once there is a status it is told, whatever comes of the body; at most `max_bytes` of it
   * are kept, none when it is packed.
   */
  readonly read?: "whole" | "start";
  /** Followed when missing. "refuse": the redirect itself is the answer. */
  readonly redirects?: "follow" | "refuse";
  readonly timeout_ms?: number;
  readonly signal: AbortSignal;
};

export type CheckedResponse = {
  /** Where the last redirect led. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/**
 * HTTP for every address that a model or a tenant can choose: only to public addresses, those that the installation
 * allows by name besides, checked before and after the connection is made, and again for each redirect.
 */
export interface CheckedHttp {
  /** Rejects with an EgressError. */
  request(request: CheckedRequest): Promise<CheckedResponse>;
  close(): Promise<void>;
}

export const EGRESS_CODES = ["refused", "unreachable", "too_large", "timeout", "too_many_redirects"] as const;

/** `refused`: nothing was sent there. */
export class EgressError extends Error {
  override readonly name = "EgressError";
  readonly code: (typeof EGRESS_CODES)[number];

  constructor(code: (typeof EGRESS_CODES)[number], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
