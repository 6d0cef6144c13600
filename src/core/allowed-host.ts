const ENTRY = /^(\[[0-9a-f:.]+\]|[^\s/?#@:\\*%[\]]+)(?::(\d{1,5}))?$/i;
const LAST_PORT = 65_535;

/** The places, as host:port, that "host" (its ports 80 and 443) or "host:port" names; null when it is neither. */
export function allowedPlaces(entry: string): readonly string[] | null {
  const [, host, port] = ENTRY.exec(entry) ?? [];
  const url = host === undefined ? null : URL.parse(`http://${host}`);
  const ports = port === undefined ? [80, 443] : [Number(port)];
  if (url === null || ports.some((one) => one < 1 || one > LAST_PORT)) return null;
  return ports.map((one) => `${url.hostname}:${one}`);
}
