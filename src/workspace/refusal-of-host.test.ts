import { expect, test } from "vitest";

import { createAllowedHosts } from "../egress/allowed-hosts.ts";
import { refusalOfHost } from "./refusal-of-host.ts";

const isAllowed = createAllowedHosts(["10.0.0.7", "10.0.0.8:8443", "-x"]);
const refusal = (address: string): string | null => refusalOfHost(new URL(address), isAllowed);

test.each([
  "https://example.com/",
  "https://xn--bcher-kva.example./",
  "https://my_service:8443/",
  "https://localhost/",
  "https://93.184.215.14/",
  "https://[2606:4700::1111]/",
  "https://10.0.0.7/",
  "https://10.0.0.8:8443/",
  "https://-x/",
])("%s may be tried", (address) => {
  expect(refusal(address)).toBeNull();
});

test.each([
  "https://127.0.0.1/",
  "https://0/",
  "https://0x7f.1/",
  "https://2130706433/",
  "https://127.0.0.1./",
  "https://10.0.0.8/",
  "https://169.254.169.254/latest",
  "https://168.63.129.16/",
  "https://[::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://[64:ff9b::a00:1]/",
  "https://[fe80::1]/",
])("%s is no address outside", (address) => {
  expect(refusal(address)).toMatch(/is no address of the public internet; .* egress: \{ allowed_hosts: \["/);
});

test.each([
  "https://-y/",
  "https://a-/",
  "https://a..b/",
  "https://./",
  `https://${"a".repeat(64)}.example/`,
])("%s is no name", (address) => {
  expect(refusal(address)).toContain("is no name of a host");
});
