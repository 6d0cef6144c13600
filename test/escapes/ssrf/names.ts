import { connectTo, plainRequest } from "./clients.ts";
import type { Try } from "./ssrf-case.ts";
import { OUTER, OUTER6, type Names } from "./world.ts";

// Names that lead inside, each with all of its addresses.
const LEADING_INSIDE: readonly (readonly [string, string, readonly string[]])[] = [
  ["a root dot", "localhost.", ["127.0.0.1"]],
  ["below localhost", "app.localhost", ["127.0.0.1"]],
  ["an address in the name", "127.0.0.1.nip.io", ["127.0.0.1"]],
  ["an address in the name with dashes", "10-0-0-1.sslip.io", ["10.0.0.1"]],
  ["Google metadata", "metadata.google.internal", ["169.254.169.254"]],
  ["Google metadata, short", "metadata", ["169.254.169.254"]],
  ["Kubernetes", "kubernetes.default.svc", ["10.96.0.1"]],
  ["Docker's host", "host.docker.internal", ["172.17.0.1"]],
  ["a router", "router.local", ["192.168.1.1"]],
  ["an alias (CNAME) of a private name", "cname.evil.example", ["10.0.0.5"]],
  ["an alias of metadata", "cname2.evil.example", ["169.254.169.254"]],
  ["public A, private A", "mixed.evil.example", [OUTER, "10.0.0.5"]],
  ["private A, public A", "mixed2.evil.example", ["10.0.0.5", OUTER]],
  ["public A, private AAAA", "mixed3.evil.example", [OUTER, "fd00::5"]],
  ["private A, public AAAA", "mixed4.evil.example", [OUTER6, "127.0.0.1"]],
  ["one private in many", "many.evil.example", [...Array<string>(9).fill(OUTER), "192.168.0.1"]],
  ["AAAA only, loopback", "six.evil.example", ["::1"]],
  ["AAAA only, unique local", "six2.evil.example", ["fd00:ec2::254"]],
  ["AAAA only, link-local with a scope", "six3.evil.example", ["fe80::1%eth0"]],
  ["AAAA only, mapped", "six4.evil.example", ["::ffff:10.0.0.5"]],
  ["AAAA only, NAT64", "six5.evil.example", ["64:ff9b::7f00:1"]],
  ["AAAA only, 6to4", "six6.evil.example", ["2002:7f00:1::"]],
  ["unspecified", "zero.evil.example", ["0.0.0.0"]],
  ["carrier-grade NAT", "cgn.evil.example", ["100.64.0.1"]],
  ["an answer that is no address", "odd.evil.example", ["0x7f000001"]],
  ["an answer with a space", "odd2.evil.example", ["127.0.0.1 "]],
  ["an answer with a NUL", "odd3.evil.example", [`${OUTER}\0`]],
  ["IDN", "bücher.example", ["10.0.0.5"]],
];

const ALLOWED = ["allowed.example", "service.allowed.example:8443", "10.0.0.9:8443"];
const SUFFIX: readonly (readonly [string, string])[] = [
  ["the allowed name in front", "http://allowed.example.evil.example/"],
  ["the allowed name at the end", "http://evilallowed.example/"],
  ["below the allowed name", "http://sub.allowed.example/"],
  ["above the allowed name", "http://example/"],
  ["a root dot", "http://allowed.example./"],
  ["another port", "http://allowed.example:8080/"],
  ["the port of another entry", "https://allowed.example:8443/"],
  ["the name of another entry without its port", "https://service.allowed.example/"],
  ["a dangerous port", "http://allowed.example:6379/"],
  ["a Cyrillic letter", "http://аllowed.example/"],
  ["a Greek letter", "http://allοwed.example/"],
  ["in the path", "http://evil.example/allowed.example"],
  ["in the query", "http://evil.example?allowed.example"],
  ["behind the hash", "http://evil.example#@allowed.example/"],
  ["with a dash", "http://allowed-example/"],
  ["the neighbour of an allowed address", "http://10.0.0.8:8443/"],
  ["an allowed address on another port", "http://10.0.0.9:8080/"],
  ["an allowed address mapped, on another port", "http://[::ffff:10.0.0.9]:8080/"],
];

const everywhere = Object.fromEntries(
  [...SUFFIX.map(([, url]) => new URL(url).hostname), "evil.example"].map((host) => [host, [["10.0.0.5"]]]),
);

const rebinds = (first: string, second: string): Names => ({ "rebind.example": [[first], [second]] });

const REBINDING: readonly Try[] = [
  ...[
    ["loopback", "127.0.0.1"],
    ["a private address", "10.0.0.5"],
    ["metadata", "169.254.169.254"],
    ["loopback over IPv6", "::1"],
    ["a mapped address", "::ffff:127.0.0.1"],
  ].map(([what, address]): Try => ({
    name: `rebinding: public at the first look-up, then ${what}`,
    url: "http://rebind.example/",
    names: rebinds(OUTER, address!),
    // The one look-up was public, and that address was used.
    expects: "200",
    control: (world, url) => plainRequest(world, { url }, 1),
  })),
  {
    name: "rebinding: private at the third look-up",
    url: "http://rebind.example/",
    names: { "rebind.example": [[OUTER], [OUTER], ["127.0.0.1"]] },
    expects: "200",
    control: (world, url) => plainRequest(world, { url }, 2),
  },
  {
    name: "rebinding over https",
    url: "https://outer.example/",
    names: { "outer.example": [[OUTER], ["127.0.0.1"]] },
    expects: "200",
    control: (world, url) => plainRequest(world, { url }, 1),
  },
  {
    name: "rebinding of a POST",
    url: "http://rebind.example/",
    given: { method: "POST", body: "order" },
    names: rebinds(OUTER, "127.0.0.1"),
    expects: "200",
    control: (world, url) => plainRequest(world, { url, method: "POST", body: "order" }, 1),
  },
  {
    name: "rebinding while a redirect to the same name is followed",
    url: "http://rebind.example/",
    names: rebinds(OUTER, "127.0.0.1"),
    outside: (_request, response) =>
      response.writeHead(302, { location: "/again", connection: "close" }).end(),
  },
  {
    name: "rebinding with private first",
    url: "http://rebind.example/",
    names: rebinds("127.0.0.1", OUTER),
  },
];

const diverted = (name: string, more: Partial<Try>): Try => ({
  name: `the connection ends at another address than was dialled: ${name}`,
  url: "http://outer.example/",
  isDiverted: true,
  reached: async ({ inside }) => {
    await inside.connections();
    return inside.bytes() > 0 ? `${inside.bytes()} bytes written to the private listener` : null;
  },
  ...more,
});

const secret = { authorization: "Bearer key" };

export const names: readonly Try[] = [
  ...LEADING_INSIDE.map(([what, host, all]): Try => ({
    name: `a name, ${what}: ${host}`,
    url: `http://${host}/`,
    names: { [new URL(`http://${host}/`).hostname]: [all] },
  })),
  ...SUFFIX.map(([what, url]): Try => ({
    name: `an allowed name, ${what}: ${url}`,
    url,
    names: everywhere,
    allowedHosts: ALLOWED,
    control: (world, given) => {
      const { hostname, port } = new URL(given);
      return connectTo(world, hostname.replace(/^\[(.*)\]$/, "$1"), Number(port || 80));
    },
  })),
  ...REBINDING,
  diverted("http", {}),
  diverted("https, not even a TLS hello", { url: "https://outer.example/" }),
  diverted("a POST with a key", { given: { method: "POST", body: "order", headers: secret } }),
  diverted("a literal", { url: `http://${OUTER}/` }),
];
