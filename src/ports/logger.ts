type Fields = Readonly<Record<string, unknown>>;

/** Structured log. Fields never hold a secret; prompt and answer bodies only at debug. */
export interface Logger {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
  child(fields: Fields): Logger;
}
