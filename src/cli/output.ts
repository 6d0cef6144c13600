import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export type OutputStream = {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** Where a command speaks: data on `out`, talk and complaints on `talk`. */
export type Output = {
  readonly out: OutputStream;
  readonly talk: OutputStream;
  /** One line of data. */
  print(line: string): void;
  /** One line about what happens. */
  say(line: string): void;
  /** One line about what is wrong. */
  complain(line: string): void;
  /** One JSON value on one line of data. */
  json(value: unknown): void;
};

export function openOutput(out: OutputStream = process.stdout, talk: OutputStream = process.stderr): Output {
  return {
    out,
    talk,
    print: (line) => void out.write(`${line}\n`),
    say: (line) => void talk.write(`${line}\n`),
    complain: (line) => void talk.write(`${paint("red", "orca:", talk)} ${line}\n`),
    json: (value) => void out.write(`${JSON.stringify(value)}\n`),
  };
}

/** Colours text for a stream that shows colours; NO_COLOR, FORCE_COLOR and a stream that is no terminal are heeded. */
export function paint(style: Style, text: string, stream: OutputStream): string {
  return styleText(style, text, { stream: stream as NodeJS.WriteStream });
}
