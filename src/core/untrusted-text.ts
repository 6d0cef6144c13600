/** The frame of untrusted text, as somebody inside of it might write it. */
const FRAME = /<(?=[\s/]*untrusted)/gi;

/** Data from outside of the workflow, in a frame that it can't close by itself; `source` is ours. */
export function untrusted(source: string, text: string): string {
  return `<untrusted source="${source}">\n${withoutFrame(text)}\n</untrusted>`;
}

export function withoutFrame(text: string): string {
  return text.replaceAll(FRAME, "&lt;");
}
