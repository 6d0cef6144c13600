import type { RoleName } from "../../core/role-name.ts";

/** Names of the roles as a person reads them. */
export const ROLE_TITLES: Readonly<Record<RoleName, string>> = {
  director: "Director",
  project_manager: "Project Manager",
  architect: "Architect",
  implementer: "Implementer",
  qa: "QA",
  finalizer: "Finalizer",
  refiner: "Refiner",
};

/** `4.1s`, `2m48s`, `1h02m`. */
export function elapsedText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

/** A count with thousands apart, in the same way on every machine. */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** One line of at most `length` characters, without what would move the cursor of a terminal. */
export function oneLine(text: string, length: number): string {
  return cut(stripControls(text).replace(/\s+/g, " ").trim(), length);
}

/** The text itself, or its beginning with an ellipsis when it is longer than `length`. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1)).trimEnd()}…`;
}

/** Text of a model or a server as it may be printed: control characters, escape sequences among them, become spaces. */
export function stripControls(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what must not reach the terminal
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, " ");
}
