import { firstFew } from "../core/first-few.ts";
import { secretName } from "../core/secret-reference.ts";
import {
  type Deliverable,
  type DeliveryAction,
  type DeliveryContext,
  DeliveryError,
} from "../ports/delivery-action.ts";
import { type FoundSecret, SecretError, type SecretResolver, type SecretScanner } from "../ports/secrets.ts";

export type DeliverySecrets = {
  readonly resolver: SecretResolver;
  readonly scanner: SecretScanner;
  /** Every value that the tenant can name. */
  readonly known: (tenantId: string) => Promise<readonly string[]>;
  /** A text without these values, however they are written. */
  readonly redactor: (values: Iterable<readonly [name: string, value: string]>) => (text: string) => string;
};

/** The context of one delivery, and what keeps the secrets that it has used out of everything that is kept. */
export type OpenedDelivery = {
  readonly context: DeliveryContext;
  /** The text without the secrets that were used. */
  readonly redacted: (text: string) => string;
  /** Rejects with a DeliveryError when something that is about to leave looks like a secret. */
  readonly refuseSecrets: () => Promise<void>;
};

type Opening = {
  readonly deliverable: Deliverable;
  readonly config: unknown;
  readonly signal: AbortSignal;
};

const MOST_NAMED = 5;

export function openDelivery(
  { resolver, scanner, redactor, known }: DeliverySecrets,
  action: Pick<DeliveryAction, "name" | "returnsTo">,
  { deliverable, config, signal }: Opening,
): OpenedDelivery {
  const used = new Map<string, string>();
  let withoutUsed = redactor(used);
  const { tenant_id, workflow_id, tree_hash } = deliverable;
  const secret = async (reference: string): Promise<string> => {
    const name = secretName(reference);
    if (name === null) throw new DeliveryError(`${reference} names no secret; write secret://NAME.`);
    try {
      const value = await resolver.resolve(tenant_id, name);
      used.set(name, value);
      withoutUsed = redactor(used);
      return value;
    } catch (error) {
      if (error instanceof SecretError) throw new DeliveryError(error.message, { cause: error });
      throw error;
    }
  };
  const redacted = (text: string): string => withoutUsed(text);
  const refuseSecrets = async (): Promise<void> => {
    const { artifacts, imported } = deliverable;
    const goesBack = imported !== null && (action.returnsTo?.(config, imported) ?? false);
    const leaving = goesBack ? artifacts.filter(({ changed }) => changed) : artifacts;
    const files = [...leaving, ...textsBeside(deliverable, config)];
    const values = [...(await known(tenant_id)), ...used.values()];
    const found = await scanner.scan(files, values).catch((error: unknown) => {
      throw error instanceof SecretError ? new DeliveryError(error.message, { cause: error }) : error;
    });
    if (found.length > 0) throw new DeliveryError(textOf(found));
  };
  const key = `${workflow_id}/${action.name}/${tree_hash}`;
  return { context: { ...deliverable, key, secret, signal }, redacted, refuseSecrets };
}

/** What goes along with the files, in one way or another: bodies, messages and manifests are made of it. */
function textsBeside(
  { title, summary, delivery_notes, report }: Deliverable,
  config: unknown,
): { readonly path: string; readonly content: string }[] {
  return [
    { path: "summary", content: [title, summary, delivery_notes].join("\n") },
    { path: "report", content: JSON.stringify(report, null, 1) },
    { path: "configuration", content: JSON.stringify(config, null, 1) ?? "" },
  ];
}

/** A value of JSON without the secrets in its strings; its names are ours. */
export function redactedValue<T>(value: T, redacted: (text: string) => string): T {
  if (typeof value === "string") return redacted(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactedValue(item, redacted)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, redactedValue(item as unknown, redacted)]),
  ) as T;
}

/** An error whose text holds no secret that was used; what is no DeliveryError stays a fault of the program. */
export function redactedError(error: unknown, redacted: (text: string) => string): Error {
  const message = redacted(error instanceof Error ? error.message : String(error));
  if (!(error instanceof DeliveryError)) return new Error(message);
  const { temporary, retry_after_ms, outcome_unknown } = error;
  return new DeliveryError(message, { temporary, retry_after_ms, outcome_unknown });
}

function textOf(found: readonly FoundSecret[]): string {
  const places = found.map(({ path, line, kind }) => `${path} line ${line} (${kind})`);
  return `What is to be delivered holds what looks like a secret: ${firstFew(places, MOST_NAMED)}. Nothing was sent; deliver it to a place of your own, such as artifact-bundle, or start again without the secret.`;
}
