/** Refusals that trying again may turn into success. */
const TEMPORARY = new Set(['unavailable', 'rate_limited', 'internal']);

/** A request that the server refused. */
export class ChatError extends Error {
  /** @param {{ code?: string, message?: string, retryAfterMs?: number }} error What the server answered. */
  constructor({ code = 'internal', message = 'The server refused without a reason.', retryAfterMs } = {}) {
    super(message);
    this.name = 'ChatError';
    /** One of the server's error codes: `forbidden`, `not_found`, `invalid`, `too_large`, `rate_limited`, `unavailable`, `internal`. */
    this.code = code;
    /** With `rate_limited`: milliseconds until trying again may work. */
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether trying again may help. */
  get isTemporary() {
    return TEMPORARY.has(this.code);
  }
}
