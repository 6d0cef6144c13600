// Loaded into a node before its program: the time of day jumps by up to a day, while timers and `performance` run on.
import { Chance } from "./chance.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const OFF_MS = [0, -MINUTE_MS, MINUTE_MS, -HOUR_MS, HOUR_MS, -24 * HOUR_MS, 24 * HOUR_MS] as const;
const BETWEEN_MS = { min: 200, max: 1_500 };

const chance = new Chance(process.env["ORCA_DATA_DIR"] ?? "", Date.now());
const RealDate = Date;
let offMs = 0;

const now = (): number => RealDate.now() + offMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, self: typeof Date) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, self) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, property, self): unknown => (property === "now" ? now : Reflect.get(target, property, self)),
});

function jump(): void {
  offMs = chance.pick(OFF_MS.filter((other) => other !== offMs));
  process.stderr.write(`${JSON.stringify({ level: "warn", clock_is_off_ms: offMs })}\n`);
  setTimeout(jump, chance.between(BETWEEN_MS.min, BETWEEN_MS.max)).unref();
}

jump();
