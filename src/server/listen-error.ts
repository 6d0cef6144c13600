export type ListenErrorCode = "port_in_use" | "public_without_authentication" | "address_unusable";

/** The server cannot listen as it was told. `message` is one line for the operator and says what to change. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: ListenErrorCode;

  constructor(code: ListenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
