import { z } from "zod";

const origin = () =>
  z
    .url({ protocol: /^https?$/, error: "write a whole URL, such as https://github.example" })
    .refine((url) => !/[?#]|\/\/[^/]*@/.test(url), "a URL without a user, a ? or a #");

/** GitHub itself, or a server of your own. */
export const DeliveryGithub = z.strictObject({
  api_url: origin()
    .default("https://api.github.com")
    .describe("Where GitHub's REST API is; https://HOST/api/v3 of a server of your own."),
  web_url: origin()
    .default("https://github.com")
    .describe("Where its pages are, for links; https://HOST of a server of your own."),
});
