/** Whether this is what GitHub sends as X-Hub-Signature-256 with a body; compared in constant time. */
export async function verifySignature(secret: string, body: string, signature: string): Promise<boolean> {
  const { Webhooks } = await import("@octokit/webhooks");
  return new Webhooks({ secret }).verify(body, signature);
}
