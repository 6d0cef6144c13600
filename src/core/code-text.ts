const ESCAPE = "\\";
const BEFORE_REGEX = new Set("(,=:[!&|?{};\n");

/**
 * Code with empty strings and without comments: what is passed on as text, or only said, is not done here. Takes JavaScript,
 * its relatives and Python as far as it needs to; goes through the text once, whatever that holds.
 */
export function codeWithoutText(path: string, content: string): string {
  return new Reader(content, path.endsWith(".py")).code();
}

class Reader {
  readonly #text: string;
  readonly #isPython: boolean;
  readonly #kept: string[] = [];
  #at = 0;
  #from = 0;
  /** A template that nobody closes is none, and neither are those after it. */
  #templates = true;
  #last = "\n";

  constructor(text: string, isPython: boolean) {
    this.#text = text;
    this.#isPython = isPython;
  }

  code(): string {
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at] ?? "";
      if (sign === '"' || sign === "'" || (sign === "`" && this.#templates)) this.#string(sign);
      else if (this.#isComment(sign)) this.#leaveOut(this.#endOfComment(sign), "");
      else if (sign === "/" && !this.#isPython && BEFORE_REGEX.has(this.#last)) this.#regex();
      else {
        if (sign === "\n" || sign.trim() !== "") this.#last = sign;
        this.#at += 1;
      }
    }
    this.#kept.push(this.#text.slice(this.#from));
    return this.#kept.join("");
  }

  #leaveOut(end: number, instead: string): void {
    this.#kept.push(this.#text.slice(this.#from, this.#at), instead);
    this.#at = end;
    this.#from = end;
    if (instead !== "") this.#last = '"';
  }

  #isComment(sign: string): boolean {
    if (this.#isPython) return sign === "#";
    const following = this.#text[this.#at + 1];
    return sign === "/" && (following === "/" || following === "*");
  }

  #endOfComment(sign: string): number {
    if (sign === "/" && this.#text[this.#at + 1] === "*") {
      const end = this.#text.indexOf("*/", this.#at + 2);
      return end < 0 ? this.#text.length : end + 2;
    }
    return this.#endOfLine();
  }

  #endOfLine(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #string(sign: string): void {
    const triple = sign.repeat(3);
    if (this.#isPython && this.#text.startsWith(triple, this.#at)) {
      const end = this.#text.indexOf(triple, this.#at + 3);
      this.#leaveOut(end < 0 ? this.#text.length : end + 3, '""');
      return;
    }
    const end = this.#closing(sign, sign === "`");
    if (end !== null) this.#leaveOut(end, sign === "`" ? this.#template(end) : '""');
    else if (sign === "`") this.#templates = false;
    else this.#at = this.#endOfLine();
  }

  /** What a template computes is done here. */
  #template(end: number): string {
    const text = this.#text.slice(this.#at, end);
    if (!text.includes("${")) return '""';
    return [...text.matchAll(/\$\{([^{}]{0,200})\}/g)].map(([, code]) => ` ${code};`).join("") || '""';
  }

  #regex(): void {
    const end = this.#closing("/", false);
    if (end === null) this.#at += 1;
    else this.#leaveOut(end, '""');
  }

  /** The place behind the closing sign, or null where there is none, in this line unless it may go over several. */
  #closing(sign: string, overLines: boolean): number | null {
    let isInClass = false;
    for (let at = this.#at + 1; at < this.#text.length; at += 1) {
      const one = this.#text[at];
      if (one === ESCAPE) at += 1;
      else if (one === "\n" && !overLines) return null;
      else if (sign === "/" && (one === "[" || one === "]")) isInClass = one === "[";
      else if (one === sign && !isInClass) return at + 1;
    }
    return null;
  }
}
