import type { HttpErrorCode } from "./problems.ts";

type Details = readonly { readonly pointer: string; readonly detail: string }[];

/** A refusal of the HTTP layer; `headers` go onto the answer. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;
  readonly details: Details;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: HttpErrorCode,
    message: string,
    extra: { readonly details?: Details; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.code = code;
    this.details = extra.details ?? [];
    this.headers = extra.headers ?? {};
  }
}
