const MAX_REDIRECTS = 3;

/**
 * The fetch for endpoints that the operator has configured, private ones too. It follows redirects inside the origin alone:
 * credentials go nowhere else.
 */
export function createOperatorFetch(): (input: string | URL, init?: RequestInit) => Promise<Response> {
  return async (input, init) => {
    let url = new URL(input);
    for (let redirects = 0; ; redirects += 1) {
      const response = await fetch(url, { ...init, redirect: "manual" });
      const location = response.headers.get("location");
      if (response.status < 300 || response.status > 399 || location === null) return response;
      await response.body?.cancel();
      const target = new URL(location, url);
      if (target.origin !== url.origin || redirects >= MAX_REDIRECTS)
        throw new Error(
          `${url.origin} redirects to ${target.origin}; configure the address that it leads to.`,
        );
      url = target;
    }
  };
}
