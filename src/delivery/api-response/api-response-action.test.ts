import { deliveryActionSuite } from "../delivery-action.testsuite.ts";
import { apiResponseAction } from "./api-response-action.ts";

deliveryActionSuite("api-response", () =>
  Promise.resolve({
    action: apiResponseAction,
    config: {},
    result: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }),
);
