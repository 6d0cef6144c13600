/** What a site generator reads at the top of a document, and the document without it. */
export type SplitDocument = {
  readonly fields: ReadonlyMap<unknown, unknown>;
  readonly body: string;
};

const FRONT_MATTER = /^\uFEFF?---[ \t]*\r?\n([^]*?\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/;
const LONGEST = 16_384;

/** Front matter that is no mapping in YAML stays a part of the body. */
export async function splitFrontMatter(text: string): Promise<SplitDocument> {
  const [whole, yaml = ""] = FRONT_MATTER.exec(text) ?? [];
  const fields = whole === undefined || yaml.length > LONGEST ? null : await fieldsIn(yaml);
  const body = fields === null ? text : text.slice(whole?.length);
  return { fields: fields ?? new Map(), body: body.replace(/^\uFEFF/, "").replace(/^(?:[ \t]*\r?\n)+/, "") };
}

/** The document with these fields on top, in their order. */
export async function withFrontMatter({ fields, body }: SplitDocument): Promise<string> {
  const { stringify } = await import("yaml");
  // Quoted, so that readers of YAML 1.1 do not make dates and truths of words.
  const yaml = stringify(fields, {
    lineWidth: 0,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
  });
  return `---\n${yaml}---\n\n${body.trimEnd()}\n`;
}

async function fieldsIn(yaml: string): Promise<ReadonlyMap<unknown, unknown> | null> {
  const { parse } = await import("yaml");
  try {
    const value: unknown = parse(yaml, { mapAsMap: true, logLevel: "error" });
    return value instanceof Map ? value : null;
  } catch {
    // Nested too deeply, multiplied by aliases, or not YAML: the reader gets it as it stands.
    return null;
  }
}
