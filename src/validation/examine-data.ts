import type { NamedText } from "./content-job.ts";
import { isJsonLines, readJson, readJsonLines } from "./read-json.ts";
import { readCsv, type TableReader } from "./table.ts";

/** What of these files can't be parsed, and why. */
export function examineData(data: readonly NamedText[], tellAt: (path: string) => void): string[] {
  return data.flatMap(([path, text]) => {
    tellAt(path);
    try {
      parse(path, text);
      return [];
    } catch (error) {
      // What a template engine fills in is no data yet.
      if (/\{\{|\{%|<%/.test(text)) return [];
      return [`${path} can't be read: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}

function parse(path: string, text: string): void {
  if (/\.[ct]sv$/i.test(path)) readCsv(path, text, NAMES_ONLY);
  else if (isJsonLines(path)) readJsonLines(text);
  else readJson(text);
}

const NAMES_ONLY: TableReader = {
  columns(names) {
    const twice = names.find((name, index) => name !== "" && names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`column ${twice} appears twice`);
  },
  row() {
    // That it could be parsed is all that counts.
  },
};
