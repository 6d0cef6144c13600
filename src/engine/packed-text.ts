/** Fewer characters than most tokens have, so that a packed text has at most the tokens that it should. */
const CHARACTERS_PER_TOKEN = 3;
/** Of the room for a text that is too long; the end mostly says how it came out. */
const SHARE_OF_BEGINNING = 0.6;

/** The beginning and the end of a text that has more tokens than it may, cut between lines where lines are short. */
export function packed(text: string, mostTokens: number): string {
  const room = mostTokens * CHARACTERS_PER_TOKEN;
  if (text.length <= room) return text.toWellFormed();
  const head = beginning(text, Math.floor(room * SHARE_OF_BEGINNING));
  const tail = ending(text, room - head.length);
  const left = text.length - head.length - tail.length;
  return `${head}\n[… ${left} characters left out …]\n${tail}`.toWellFormed();
}

function beginning(text: string, most: number): string {
  const cut = text.lastIndexOf("\n", most);
  return text.slice(0, cut > most / 2 ? cut : wholeBefore(text, most));
}

function ending(text: string, most: number): string {
  const from = text.length - most;
  const cut = text.indexOf("\n", from);
  const line = cut >= 0 && cut + 1 - from < most / 2 ? cut + 1 : from;
  return text.slice(wholeBefore(text, line));
}

/** A place between two characters. */
function wholeBefore(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
