import type { Config } from "../config/config.ts";
import { failpoint } from "../engine/failpoint.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { MessageSource } from "../ports/outbox.ts";
import type { SecretResolver } from "../ports/secrets.ts";
import type { Storage } from "../ports/storage.ts";
import { createNoticeSource } from "../webhooks/notice-source.ts";
import { OutboxSender } from "../webhooks/outbox-sender.ts";
import { lazily } from "./lazily.ts";

/** Who is told of what happens, and by what they are told. */
export type OpenedOutbox = {
  readonly messages: MessageSource;
  /** Sends what waits from now on; not before, so that a node which only looks sends nothing. */
  start(): void;
  /** Something may be due; nothing happens before `start`. */
  wake(): void;
  /** Ends sending, before the store is closed. */
  close(): Promise<void>;
};

type Parts = {
  readonly config: Config;
  readonly storage: Storage;
  readonly secrets: SecretResolver;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
};

export function openOutbox({ config, storage, ...parts }: Parts): OpenedOutbox {
  const { webhooks: endpoints, egress } = config;
  const http = lazily(async () => {
    const { createCheckedHttp } = await import("../egress/checked-http.ts");
    // The operator has written these addresses: they may be private without being named twice.
    const own = endpoints.map(({ url }) => new URL(url).host);
    return createCheckedHttp({ allowedHosts: [...egress.allowed_hosts, ...own], logger: parts.logger });
  });
  const sender = new OutboxSender({
    ...parts,
    outbox: storage.system.outbox,
    endpoints,
    http: () => http.get(),
    failpoint,
  });
  return {
    messages: createNoticeSource(endpoints, () => sender.wake()),
    start: () => sender.start(),
    wake: () => sender.wake(),
    close: async () => {
      await sender.stop();
      await (await http.known)?.close();
    },
  };
}
