import { expect, test } from "vitest";

import { maskUrl } from "./database-url.ts";

test.each([
  ["postgres://orca:secret@host/db", "postgres://orca:****@host/db"],
  ["postgres://orca:se@cr@et@host/db", "postgres://orca:****@host/db"],
  ["postgres://orca:se#cr/et?@host:5432/db", "postgres://orca:****@host:5432/db"],
  ["postgres://or/ca:secret@host/db", "postgres://or/ca:****@host/db"],
  ["postgres://or@ca:secret@host/db", "postgres://or@ca:****@host/db"],
  ["postgres:/orca:secret@host/db", "postgres:/orca:****@host/db"],
  ["postgres://:secret@host/db", "postgres://:****@host/db"],
  ["postgres://orca@host:5432/db", "postgres://orca@host:5432/db"],
  ["postgres://host/db?password=secret&x=1", "postgres://host/db?password=****&x=1"],
  ["sqlite:/home/a:b@c/orca.db", "sqlite:/home/a:b@c/orca.db"],
])("%s is shown as %s", (url, shown) => expect(maskUrl(url)).toBe(shown));
