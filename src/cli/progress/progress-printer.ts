import type { EventRow } from "../../contract/event-row.ts";
import { type OutputStream, paint } from "../output.ts";
import { describeEvent, NO_PROGRESS, type Progress } from "./describe-event.ts";
import type { LineStatus, ProgressLine } from "./progress-line.ts";
import { countText, cut, elapsedText, oneLine } from "./wording.ts";

const COLOURS: Readonly<Record<LineStatus, Parameters<typeof paint>[0]>> = {
  run: "cyan",
  ok: "green",
  FAIL: "red",
  wait: "yellow",
  note: "yellow",
  file: "gray",
  done: "green",
};
const SUBJECT_WIDTH = 40;
const WIDTH_WITHOUT_TERMINAL = 180;
const REFRESH_MS = 100;

/** Shows the events of a workflow as they come. */
export type ProgressPrinter = {
  show(event: EventRow): void;
  progress(): Progress;
  /** Takes the live line away; nothing is printed after it. */
  close(): void;
};

export type PrinterOptions = {
  readonly artifactsCommand?: string;
  readonly bundleCommand?: string;
  readonly verbose?: boolean;
};

/**
 * One line a fact, for ever in the scroll-back. On a terminal a live line below them says what runs now;
 * elsewhere the beginning of each step gets a line of its own. The commands are told of deliveries
 * without a link.
 */
export function openPrinter(
  stream: OutputStream,
  { artifactsCommand = "", bundleCommand = "", verbose = false }: PrinterOptions = {},
): ProgressPrinter {
  const live = stream.isTTY === true;
  const commands = { artifacts_command: artifactsCommand, bundle_command: bundleCommand };
  let progress: Progress = { ...NO_PROGRESS, verbose, ...commands };
  const clear = () => {
    if (live) stream.write("\r\u001b[2K");
  };
  const draw = () => {
    if (live && progress.open.size > 0) stream.write(liveLine(progress, Date.now(), widthOf(stream)));
  };
  const redraw = () => {
    clear();
    draw();
  };
  const timer = live ? setInterval(redraw, REFRESH_MS) : null;
  timer?.unref();
  return {
    show: (event) => {
      const described = describeEvent(progress, event);
      progress = described.progress;
      clear();
      for (const line of described.lines) {
        if (!(live && line.status === "run")) stream.write(`${formatLine(line, stream)}\n`);
      }
      draw();
    },
    progress: () => progress,
    close: () => {
      if (timer) clearInterval(timer);
      clear();
    },
  };
}

function widthOf(stream: OutputStream): number {
  return stream.isTTY ? Math.max(40, stream.columns ?? 80) : WIDTH_WITHOUT_TERMINAL;
}

/** ` ok    Architect      4.1s    2,345 tok  what it said`, cut to the width of the stream. */
export function formatLine(line: ProgressLine, stream: OutputStream): string {
  const status = paint(COLOURS[line.status], line.status.padEnd(5), stream);
  const measured = [
    line.elapsed_ms === null ? "" : elapsedText(line.elapsed_ms).padStart(6),
    line.tokens === null ? "" : `${countText(line.tokens).padStart(7)} tok`,
  ].filter((text) => text !== "");
  const subject = oneLine(line.subject, SUBJECT_WIDTH).padEnd(
    line.detail || measured.length > 0 ? SUBJECT_WIDTH : 0,
  );
  const head = [subject, ...measured].join("  ");
  const room = widthOf(stream) - head.length - line.tail.length - 10;
  const detail = line.detail && room > 10 ? `  ${oneLine(line.detail, room)}` : "";
  return ` ${status}  ${head}${detail}${line.tail}`.trimEnd();
}

function liveLine(progress: Progress, now: number, width: number): string {
  const running = [...progress.open.values()].map(({ label, started_at }) => {
    return `${oneLine(label, SUBJECT_WIDTH)} ${elapsedText(now - Date.parse(started_at))}`;
  });
  const tokens = progress.tokens > 0 ? `  ${countText(progress.tokens)} tok in all` : "";
  return cut(` run    ${running.join(", ")}${tokens}`, width - 1);
}
