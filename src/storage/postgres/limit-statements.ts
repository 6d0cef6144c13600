import { LONGEST_CLOSED_MS } from "../../ports/limit-store.ts";

const NOW = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

// A time that lies further ahead than it can was written before the clock of the database was set back.
const ahead = (time: string, most: string | number): string =>
  `(${time} > ${NOW} and ${time} <= ${NOW} + ${most})`;

const CLOSED = ahead("used.closed_until", LONGEST_CLOSED_MS);

const livePlaces = (select: string, leaseMs: string): string =>
  `(select ${select} from jsonb_each(used.places) as place where ${ahead("place.value::bigint", leaseMs)})`;

const claimWindow = ahead("used.window_ends", "$7::bigint");

/**
 * Provider, tokens, most requests, most tokens, most places, id of the call, window and lease in milliseconds. One row
 * when everything was taken, none when something refuses. All of it is judged on the locked row: a conflicting insert
 * waits for the one before it and then sees what that one wrote.
 */
export const CLAIM = `
  insert into provider_limits as used (provider, window_ends, requests, tokens, places)
  values ($1, ${NOW} + $7::bigint, 1, $2::bigint,
    case when $5::int is null then '{}'::jsonb else jsonb_build_object($6::text, ${NOW} + $8::bigint) end)
  on conflict (provider) do update set
    window_ends = case when ${claimWindow} then used.window_ends else excluded.window_ends end,
    requests = case when ${claimWindow} then used.requests + 1 else 1 end,
    tokens = case when ${claimWindow} then used.tokens + excluded.tokens else excluded.tokens end,
    places = ${livePlaces("coalesce(jsonb_object_agg(place.key, place.value), '{}')", "$8::bigint")} || excluded.places
  where not ${CLOSED}
    and ($3::bigint is null or not ${claimWindow} or used.requests < $3::bigint)
    and ($4::bigint is null or not ${claimWindow} or used.tokens + excluded.tokens <= $4::bigint)
    and ($5::int is null or ${livePlaces("count(*)", "$8::bigint")} < $5::int)
  returning used.window_ends::float8 as window_ends`;

/** Provider and window: what a claim met. */
export const WHY_REFUSED = `
  select case when ${CLOSED} then used.closed_until - ${NOW} else 0 end::float8 as closed_ms,
    case when ${ahead("used.window_ends", "$2::bigint")} then used.window_ends - ${NOW} else 0 end::float8 as window_ms,
    used.requests::float8 as requests, used.tokens::float8 as tokens
  from provider_limits as used where used.provider = $1`;

/** Provider: a row only when it is closed. */
export const CLOSED_MS = `
  select (used.closed_until - ${NOW})::float8 as ms from provider_limits as used
  where used.provider = $1 and ${CLOSED}`;

const givenWindow = ahead("used.window_ends", "$6::bigint");

/**
 * Provider, id of the call, the window it was counted in, tokens and requests more (or less, when negative), window in
 * milliseconds. What is left of a window that is over goes with it; what was used beyond the estimate counts in any.
 */
export const GIVE_BACK = `
  update provider_limits as used set
    places = used.places - $2::text,
    tokens = case when not ${givenWindow} then used.tokens
      when used.window_ends = $3::bigint then greatest(0, used.tokens + $4::bigint)
      else used.tokens + greatest(0, $4::bigint) end,
    requests = case when used.window_ends = $3::bigint then greatest(0, used.requests + $5::bigint)
      else used.requests end
  where used.provider = $1`;

/** Provider, ids of the calls, lease in milliseconds: the ids whose place is still theirs. */
export const RENEW = `
  update provider_limits as used set places = used.places || (
    select coalesce(jsonb_object_agg(held.id, ${NOW} + $3::bigint), '{}') from unnest($2::text[]) as held(id)
    where jsonb_exists(used.places, held.id))
  where used.provider = $1
  returning (select coalesce(array_agg(held.id), '{}') from unnest($2::text[]) as held(id)
    where jsonb_exists(used.places, held.id)) as kept`;

/** Provider and milliseconds. */
export const CLOSE = `
  insert into provider_limits as used (provider, closed_until) values ($1, ${NOW} + $2::bigint)
  on conflict (provider) do update set
    closed_until = greatest(case when ${CLOSED} then used.closed_until else 0 end, excluded.closed_until)`;
