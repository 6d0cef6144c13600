/** Deeper data is an attack on those who read it, or a mistake. */
const DEEPEST = 1_000;

/** Throws an Error that says where the text is no JSON. */
export function readJson(text: string): unknown {
  const withoutMark = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (withoutMark.trim() === "") throw new Error("it is empty");
  refuseDepth(withoutMark);
  try {
    return JSON.parse(withoutMark);
  } catch (error) {
    throw new Error(`it is no valid JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** One value a line; empty lines are passed over. */
export function readJsonLines(text: string): unknown[] {
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [readJson(line)];
    } catch (error) {
      throw new Error(`line ${index + 1}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
}

export function isJsonLines(path: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(path);
}

function refuseDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === BACKSLASH) index += 1;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === BRACKET || character === BRACE) depth += 1;
    else if (character === BRACKET + 2 || character === BRACE + 2) depth -= 1;
    if (depth > DEEPEST) throw new Error(`it is nested deeper than ${DEEPEST} levels`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Each is closed by the character two after it. */
const BRACKET = 0x5b;
const BRACE = 0x7b;
