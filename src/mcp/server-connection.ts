import type { McpServerSettings } from "../config/mcp-servers.ts";
import type { RoleName } from "../core/role-name.ts";
import type { ToolSemantics } from "../core/tool-semantics.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { ToolOutput } from "../ports/role-tool.ts";
import { renderResult } from "./call-result.ts";
import { cleanLine } from "./clean-text.ts";
import type { McpFetch } from "./http-fetch.ts";
import { McpServerError } from "./mcp-server-error.ts";
import { approvalOf, describeChange, type PinStore, readApproved } from "./pin.ts";
import { type ListedTool, readListing } from "./read-listing.ts";
import { Session, type ToolCall } from "./session.ts";
import { unlessAborted } from "./unless-aborted.ts";

export type ConnectionParts = {
  readonly logger: Logger;
  readonly egress: McpFetch;
  readonly pins: PinStore;
  readonly clock: Clock;
};

type Tools = ReadonlyMap<string, ListedTool>;
type Checked = {
  readonly session: Session;
  readonly at: number;
  /** The approved tools, or why none may be used. */
  readonly outcome: { readonly tools: Tools } | { readonly refusal: McpServerError };
};
type Call = Omit<ToolCall, "tool" | "key"> & {
  readonly key: string;
  readonly semantics: ToolSemantics;
  readonly isSecondTry?: boolean;
};

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** A server need not tell when its tools change, and its word gets lost with a stream. */
const RECHECK_MS = 60_000;
const MOST_CHECKS = 3;
/** Why tools are refused is logged at every look, for as many as this. */
const MOST_REASONS = 10;

/** One server, shared by all steps: opened at first use, checked against what was approved, opened anew after failures. */
export class ServerConnection {
  readonly settings: McpServerSettings;
  readonly #parts: ConnectionParts;
  readonly #logger: Logger;
  readonly #endings = new Set<Promise<void>>();
  #session: Session | null = null;
  #opening: Promise<Session> | null = null;
  #checked: Checked | null = null;
  #checking: Promise<Checked> | null = null;
  #failures = 0;
  #restUntil = 0;
  #lastFailure = "";
  #isClosed = false;

  constructor(settings: McpServerSettings, parts: ConnectionParts) {
    this.settings = settings;
    this.#parts = parts;
    this.#logger = parts.logger.child({ mcp_server: settings.name });
  }

  /** The tools that a role may use now. Rejects with a McpServerError, or with the reason of `signal`. */
  async toolsFor(role: RoleName, signal: AbortSignal): Promise<readonly ListedTool[]> {
    const allowed = this.settings.roles[role] ?? [];
    if (allowed.length === 0) return [];
    const { tools } = await unlessAborted(this.#approved(), signal);
    const all = [...tools.values()];
    return allowed === "all" ? all : all.filter(({ name }) => allowed.includes(name));
  }

  /** Calls the tool that was offered, or rejects when that is no longer what the server has. */
  async call(offered: ListedTool, call: Call): Promise<ToolOutput> {
    const { settings } = this;
    const { session, tools } = await unlessAborted(this.#approved(), call.signal);
    if (tools.get(offered.name)?.digest !== offered.digest) {
      const message = `has another tool ${offered.name} now than the one that was offered. Begin the step again.`;
      throw new McpServerError(settings.name, "changed", { message });
    }
    try {
      const key = call.semantics === "keyed" ? call.key : null;
      const result = await session.callTool({
        tool: offered.name,
        given: call.given,
        key,
        signal: call.signal,
      });
      this.#failures = 0;
      return renderResult(result, settings.max_result_bytes);
    } catch (error) {
      call.signal.throwIfAborted();
      if (!isExpired(error) || call.isSecondTry) {
        return await this.#failedCall({ offered, call, session, error });
      }
    }
    this.#drop(session);
    return this.call(offered, { ...call, isSecondTry: true });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#session !== null) this.#drop(this.#session);
    await Promise.allSettled([this.#opening, this.#checking]);
    await Promise.all(this.#endings);
  }

  async #approved(): Promise<{ readonly session: Session; readonly tools: Tools }> {
    for (let checks = 0; checks < MOST_CHECKS; checks += 1) {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = null;
      });
      const { session, outcome } = await this.#checking;
      if (this.#session !== session) throw this.#unavailable(`${this.#lastFailure}.`);
      if (session.isStale) continue;
      if ("refusal" in outcome) throw outcome.refusal;
      return { session, tools: outcome.tools };
    }
    throw this.#fail(this.#session, "does not stop changing its tools");
  }

  async #check(): Promise<Checked> {
    const session = await this.#connect();
    const at = this.#now();
    const known = this.#checked;
    const isFresh = known?.session === session && at - known.at < RECHECK_MS && !session.isStale;
    if (known !== null && isFresh) return known;
    session.isStale = false;
    let listed: readonly unknown[];
    try {
      listed = await session.listTools();
    } catch (error) {
      if (known?.session === session && isExpired(error)) {
        this.#drop(session);
        return this.#check();
      }
      throw this.#fail(session, `did not list its tools: ${oneLine(error)}`);
    }
    const { tools, refused } = readListing(listed, this.settings);
    if (refused.length > 0) {
      const shown = refused.slice(0, MOST_REASONS);
      this.#logger.warn({ tools: refused.length, reasons: shown }, "Tools of an MCP server are refused");
    }
    const refusal = await this.#refusal(tools);
    this.#checked = { session, at, outcome: refusal === null ? { tools } : { refusal } };
    return this.#checked;
  }

  /** Compares with what was approved, and approves where nothing was yet. */
  async #refusal(tools: Tools): Promise<McpServerError | null> {
    const { name, pin } = this.settings;
    if (tools.size === 0) return null;
    const found = approvalOf(tools);
    const text = await this.#kept();
    const kept = text === null ? null : readApproved(text);
    const approved = pin ?? (text === null ? found.hash : (kept?.hash ?? null));
    if (approved === found.hash) {
      if (kept?.hash !== found.hash) await this.#keep(JSON.stringify(found));
      return null;
    }
    const change = describeChange(kept, found);
    const message = `has other tools than the approved ones (${change}), and none of them is used. Look at them, and to approve them set pin: ${found.hash} for it.`;
    return new McpServerError(name, "changed", { message });
  }

  async #kept(): Promise<string | null> {
    try {
      return await this.#parts.pins.get(this.settings.name);
    } catch (error) {
      throw this.#unavailable(
        `is not used: what was approved of it could not be read (${oneLine(error)}).`,
        error,
      );
    }
  }

  async #keep(approved: string): Promise<void> {
    try {
      await this.#parts.pins.set(this.settings.name, approved);
    } catch (error) {
      throw this.#unavailable(
        `is not used: what is approved of it could not be kept (${oneLine(error)}).`,
        error,
      );
    }
  }

  async #connect(): Promise<Session> {
    if (this.#isClosed) throw this.#closedError();
    if (this.#session !== null) return this.#session;
    const rest = this.#restUntil - this.#now();
    if (rest > 0) {
      const seconds = Math.ceil(rest / 1_000);
      throw this.#unavailable(`${this.#lastFailure}. It is tried again in ${seconds} s.`);
    }
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open(): Promise<Session> {
    const { settings } = this;
    const { egress, clock } = this.#parts;
    const onLost = (lost: Session, why: string): void => {
      if (this.#session === lost) this.#fail(lost, why);
    };
    const session = new Session({ settings, egress, clock, logger: this.#logger, onLost });
    this.#session = session;
    try {
      await session.open();
    } catch (error) {
      if (this.#isClosed) throw this.#closedError();
      throw this.#fail(session, `could not be reached: ${oneLine(error)}`);
    }
    return session;
  }

  async #failedCall(failed: {
    readonly offered: ListedTool;
    readonly call: Call;
    readonly session: Session;
    readonly error: unknown;
  }): Promise<ToolOutput> {
    const { offered, call, session, error } = failed;
    const { name, timeout_s } = this.settings;
    const outcome_unknown = call.semantics !== "read";
    const fault = faultOf(error);
    if (fault === "answered") return { content: `The server refused: ${oneLine(error)}`, is_error: true };
    if (fault === "timeout") {
      const isAlive = await session.isAlive();
      if (!isAlive) this.#fail(session, "does not answer any more");
      const problem = `did not answer ${offered.name} within ${timeout_s} s`;
      if (isAlive && !outcome_unknown) return { content: `The server ${problem}.`, is_error: true };
      throw new McpServerError(name, "no_answer", { message: `${problem}.`, outcome_unknown, cause: error });
    }
    const why = `was lost in the middle of ${offered.name}: ${oneLine(error)}`;
    this.#fail(session, why);
    throw new McpServerError(name, "lost", { message: `${why}.`, outcome_unknown, cause: error });
  }

  /** Gives the session up for a growing pause. */
  #fail(session: Session | null, why: string): McpServerError {
    const error = this.#unavailable(`${why}.`);
    if (session === null || this.#session !== session) return error;
    this.#failures += 1;
    const pause_ms = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    this.#restUntil = this.#now() + pause_ms;
    this.#lastFailure = why;
    this.#logger.warn(
      { why, failures: this.#failures, pause_ms },
      "An MCP server has failed and is left alone",
    );
    this.#drop(session, { failed: true });
    return error;
  }

  #drop(session: Session, how = { failed: false }): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#checked = null;
    const ending = session.end(how);
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  #unavailable(message: string, cause?: unknown): McpServerError {
    return new McpServerError(this.settings.name, "unavailable", { message, cause });
  }

  #closedError(): McpServerError {
    return new McpServerError(this.settings.name, "closed", {
      message: "is not used: this process is ending.",
    });
  }

  #now(): number {
    return this.#parts.clock.now().getTime();
  }
}

/** `answered`: the server has answered with an error, or with something that is no result. */
function faultOf(error: unknown): "timeout" | "answered" | "lost" {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "REQUEST_TIMEOUT") return "timeout";
  const isAnswer =
    typeof code === "number" || code === "INVALID_RESULT" || code === "UNSUPPORTED_RESULT_TYPE";
  return isAnswer ? "answered" : "lost";
}

/** Streamable HTTP answers so to a session that it no longer knows, and does nothing then. */
function isExpired(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 404;
}

function oneLine(error: unknown): string {
  return cleanLine(error instanceof Error ? error.message : String(error), 300).replaceAll("\n", " ");
}
