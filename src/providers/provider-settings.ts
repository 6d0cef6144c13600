import type { Logger } from "../ports/logger.ts";

/** One configured endpoint, as the configuration gives it. The kind is whatever the registry knows. */
export type ProviderSettings<Kind extends string = string> = {
  /** Name in provider/model. */
  readonly name: string;
  readonly kind: Kind;
  /** Endpoint; null is the vendor's own. */
  readonly base_url: string | null;
  readonly api_key: string | null;
  /** Null: on, except towards the vendors' own hosts. */
  readonly send_trace_headers: boolean | null;
  /** Whether an OpenAI-compatible endpoint understands response_format json_schema. */
  readonly structured_output: boolean;
  /** Whether its models are given tools; null is what the kind can do. Copilot takes none, whatever stands here. */
  readonly tools: boolean | null;
};

/** What every provider is given besides its settings. */
export type ProviderWiring = { readonly logger: Logger };

/** Who is called and how a person mends it: the words of error messages. */
export type Endpoint = {
  /** Name of the provider. */
  readonly provider: string;
  readonly url: string;
  /** What holds the credential: a variable or a setting. */
  readonly credential: string;
  /** What holds the address: a variable or a setting. */
  readonly address: string;
  /** Kept out of every message. */
  readonly secret: string | null;
};

type Variables = { readonly credential: string; readonly address: string };

/** A provider that is named after its kind was found by the vendor's own variables, so those are the ones to mend. */
export function describeEndpoint(settings: ProviderSettings, url: string, variables: Variables): Endpoint {
  const usual = settings.name === settings.kind;
  return {
    provider: settings.name,
    url,
    credential: usual ? variables.credential : `the api_key of provider "${settings.name}"`,
    address: usual ? variables.address : `the base_url of provider "${settings.name}"`,
    secret: settings.api_key,
  };
}

/** Whether the `x-orca-*` headers are sent: unless configured, they are kept from the vendors' own hosts. */
export function sendsTraceHeaders(settings: ProviderSettings, vendorHost: boolean): boolean {
  return settings.send_trace_headers ?? !vendorHost;
}

/** The base URL without a trailing slash, so that paths can be appended. */
export function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
