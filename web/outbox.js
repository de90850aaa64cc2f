import { ChatError } from './chat-error.js';

/**
 * @typedef {object} PendingMessage A message that was written here and that the server has not confirmed.
 * @property {string} tempId Names it for as long as it has no id; the same in every attempt.
 * @property {number} threadId
 * @property {string} content
 * @property {string} contentType
 * @property {number[]} attachments Ids of uploaded files.
 * @property {string} createdAt ISO 8601, UTC, by this machine's clock.
 * @property {'sending' | 'sent' | 'failed'} state `sending` while it is tried or waits for a connection; `failed` is final until `retry`.
 * @property {string} [error] Why it failed, for the user.
 */

/**
 * What an outbox sends through.
 *
 * @typedef {object} Line
 * @property {(pending: PendingMessage) => Promise<object>} send Sends once; resolves with the stored message, rejects with a `ChatError` or without an answer.
 * @property {() => boolean} isOpen Whether messages may be sent now.
 * @property {() => boolean} isConnected
 * @property {(delay: number) => Promise<void>} pause Waits that many milliseconds.
 * @property {(pending: PendingMessage) => void} changed A message is new, or its state changed to `sending` or `failed`.
 * @property {(pending: PendingMessage, message: object) => void} stored A message is stored.
 * @property {number} retryDelay Wait before the second attempt, in milliseconds; doubles each time.
 * @property {number} maxAttempts Attempts on a working connection after which a message has failed.
 */

/** The messages of one thread that are not confirmed yet; sends them one after the other, each again until it is settled. */
export class Outbox {
  #line;
  /** `{ pending, attempts, uncertain, realId, latest }`, in the order in which they are sent. */
  #entries = [];
  #isSending = false;

  /** @param {Line} line */
  constructor(line) {
    this.#line = line;
  }

  /** Copies of what is not confirmed, in order. @returns {PendingMessage[]} */
  get pending() {
    return this.#entries.map(({ pending }) => ({ ...pending }));
  }

  /** Sends a message after those that wait. @param {PendingMessage} pending */
  add(pending) {
    this.#entries.push({ pending, attempts: 0, uncertain: false });
    this.#line.changed({ ...pending });
    this.flush();
  }

  /** Tries a failed message again, after those that wait. @param {string} tempId */
  retry(tempId) {
    const entry = this.#entries.find(({ pending }) => pending.tempId === tempId && pending.state === 'failed');
    if (!entry) return;
    this.#entries = [...this.#entries.filter((other) => other !== entry), entry];
    entry.attempts = 0;
    entry.pending.state = 'sending';
    delete entry.pending.error;
    this.#line.changed({ ...entry.pending });
    this.flush();
  }

  /** Gives up a failed message. @param {string} tempId */
  discard(tempId) {
    this.#entries = this.#entries.filter(({ pending }) => pending.tempId !== tempId || pending.state !== 'failed');
  }

  /** Gives up everything. */
  clear() {
    this.#entries = [];
  }

  /** Everything has failed. @param {string} error Why, for the user. */
  fail(error) {
    for (const entry of this.#entries) this.#fail(entry, error);
  }

  /** The server has said which id a message got; its answer may still be lost. */
  identify(tempId, realId) {
    for (const entry of this.#entries) if (entry.pending.tempId === tempId) entry.realId = realId;
  }

  /** A message has changed before its own answer has come: what is confirmed is how it is now. */
  update(message) {
    for (const entry of this.#entries) if (entry.realId === message.id) entry.latest = message;
  }

  /** Sends once the message whose answer was lost with the connection, if there is one. */
  async settleLost() {
    const lost = this.#entries.find((entry) => entry.uncertain && entry.pending.state === 'sending');
    if (lost) await this.#attempt(lost);
  }

  /** Sends what waits for as long as the line is open. */
  async flush() {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (this.#line.isOpen()) {
        const entry = this.#entries.find(({ pending }) => pending.state === 'sending');
        if (!entry) break;
        const wait = await this.#attempt(entry);
        if (wait > 0) await this.#line.pause(wait);
      }
    } finally {
      this.#isSending = false;
    }
  }

  /** Sends one message once. Returns how long to wait before the next attempt, in milliseconds; 0 when this one is settled. */
  async #attempt(entry) {
    const { pending } = entry;
    entry.uncertain = true;
    entry.attempts++;
    try {
      this.#settle(entry, await this.#line.send(pending));
      return 0;
    } catch (error) {
      if (entry.realId !== undefined) {
        this.#settle(entry, { ...pending, id: entry.realId, status: 'sent', updatedAt: pending.createdAt });
        return 0;
      }
      if (!this.#line.isConnected()) return 0;
      const refused = error instanceof ChatError;
      if (refused) entry.uncertain = false;
      if ((!refused || error.isTemporary) && entry.attempts < this.#line.maxAttempts)
        return error.retryAfterMs ?? this.#line.retryDelay * 2 ** (entry.attempts - 1);
      this.#fail(entry, refused ? error.message : 'The server does not answer.');
      return 0;
    }
  }

  #settle(entry, message) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    entry.pending.state = 'sent';
    this.#line.stored(entry.pending, entry.latest ?? message);
  }

  #fail({ pending }, error) {
    pending.state = 'failed';
    pending.error = error;
    this.#line.changed({ ...pending });
  }
}
