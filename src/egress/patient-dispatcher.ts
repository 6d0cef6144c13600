type Dispatcher = NonNullable<RequestInit["dispatcher"]>;
type DispatcherClass = new (options: { headersTimeout: number; bodyTimeout: number }) => Dispatcher;

// Node keeps the dispatcher of its built-in fetch under this symbol, and offers no other way to set its timeouts.
const GLOBAL_DISPATCHER = Symbol.for("undici.globalDispatcher.1");

let patient: Promise<Dispatcher | null> | null = null;

/**
 * A dispatcher of the same class as Node's own (a proxy from the environment stays in force) that waits as long as the
 * caller's signal allows: Node's gives up after five minutes without headers, and models may take an hour.
 * Null where this Node keeps it elsewhere.
 */
export function patientDispatcher(): Promise<Dispatcher | null> {
  patient ??= createPatientDispatcher();
  return patient;
}

async function createPatientDispatcher(): Promise<Dispatcher | null> {
  await fetch("data:,"); // Node creates its dispatcher with the first fetch
  const current: unknown = Reflect.get(globalThis, GLOBAL_DISPATCHER);
  if (typeof current !== "object" || current === null) return null;
  const Class = current.constructor as DispatcherClass;
  return new Class({ headersTimeout: 0, bodyTimeout: 0 });
}
