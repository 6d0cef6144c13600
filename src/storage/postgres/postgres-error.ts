import { StorageError, type StorageErrorCode } from "../../ports/storage.ts";

const SOCKET_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ENOENT",
]);

// Errors that the driver makes itself have no code.
const DRIVER_MESSAGES =
  /^(Connection terminated|Query read timeout|timeout expired|timeout exceeded|Client has encountered a connection error|The server does not support SSL)/;

/** Says what a failure means for the person who runs the server; `place` is host:port/database, never a password. */
export function postgresError(place: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const [code, advice] = adviceFor(error);
  return new StorageError(code, `PostgreSQL at ${place}: ${reasonOf(error)}. ${advice}`, { cause: error });
}

/** Whether the connection failed, rather than the statement: nobody knows then whether it was carried out. */
export function isConnectionFailure(error: unknown): boolean {
  return adviceFor(error)[0] === "storage_unreachable";
}

function adviceFor(error: unknown): readonly [StorageErrorCode, string] {
  const code = sqlStateOf(error);
  if (code === "28P01" || code === "28000") {
    return ["storage_unreachable", "Check user and password in the database URL."];
  }
  if (code === "3D000") {
    return ["storage_unreachable", "Create the database, or correct its name in the database URL."];
  }
  // Connection exceptions, shutdowns, a server that is full or starting up, and a transaction that this process left
  // open while it was stopped.
  if (SOCKET_CODES.has(code) || /^(08|57P|53300|25P03)/.test(code) || isDriverFailure(error)) {
    return ["storage_unreachable", "Check that the server runs and can be reached from here."];
  }
  if (code === "25006") {
    return ["storage_unwritable", "This server takes no writes: name the primary in the database URL."];
  }
  if (code === "42501") {
    return ["storage_unwritable", "Give this user the right to create and change tables in the database."];
  }
  if (code === "53100") return ["storage_unwritable", "Free some space on the disk of the server."];
  return ["storage_failed", "Nothing of the refused change was written."];
}

function isDriverFailure(error: unknown): boolean {
  return error instanceof Error && DRIVER_MESSAGES.test(error.message);
}

function sqlStateOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A host with several addresses fails with one error for each, under an empty message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}
