import { expect, test } from "vitest";

import { canonicalAddress, isPublicAddress } from "./public-address.ts";

test.each(["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00::1"])(
  "%s is public",
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each([
  ["10.0.0.1", "private"],
  ["168.63.129.16", "inside of Azure"],
  ["::127.0.0.1", "compatible with a loopback address"],
  ["::ffff:10.0.0.1", "mapped"],
  ["2001:db8::1", "documentation"],
  ["4000::1", "outside of 2000::/3"],
  ["2606:4700::5efe:10.0.0.1", "ISATAP"],
  ["0x7f.1", "no address as it stands"],
  ["localhost", "no address"],
  ["", "nothing"],
])("%s is not, as it is %s", (address) => expect(isPublicAddress(address)).toBe(false));

test("an address that is mapped is judged and dialled as what is in it", () => {
  expect(isPublicAddress("::ffff:8.8.8.8")).toBe(true);
  expect(canonicalAddress("::ffff:8.8.8.8")).toBe("8.8.8.8");
  expect(canonicalAddress("2A00:0::0001")).toBe(canonicalAddress("2a00::1"));
  expect(canonicalAddress("127.1")).toBeNull();
});
