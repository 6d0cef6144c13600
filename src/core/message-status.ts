/** Of a message to a webhook. `dead`: given up on; a person can send it again. */
export const MESSAGE_STATUSES = ["pending", "delivered", "dead"] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];
