const MARKERS: readonly RegExp[] = [
  // Before a colon, in brackets, or all that there is: a program for to-do lists may speak of TODO.
  /(?:^|[\s>*|])((?:TODO|TBD|FIXME)(?:\([^()\s]{1,40}\))?:.{0,40})/,
  /(\[(?:TODO|TBD|FIXME)\b[^\]]{0,80}\]|\((?:TODO|TBD|FIXME)\))/,
  /^\s*((?:TODO|TBD|FIXME)\.?)\s*$/m,
  /((?:\b(?:is|are)|[:=–—-])\s+TBD)\b/,
  /(lorem ipsum dolor)/i,
];

/** The words that say that a text was left unfinished, null when there are none. */
export function unfinishedMarker(text: string): string | null {
  for (const marker of MARKERS) {
    const found = marker.exec(text)?.[1];
    if (found !== undefined) return found.trim();
  }
  return null;
}
