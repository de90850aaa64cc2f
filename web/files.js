import { ChatError } from './chat-error.js';

/** How long a file may take. In milliseconds. */
const TIMEOUT = 120_000;
const CODES = { 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 429: 'rate_limited', 503: 'unavailable' };

/** The files of messages. Those that the chat server keeps are only for who may see them: it is told who asks, and nobody else is. */
export class Files {
  #url;
  #credentials;

  /**
   * @param {string | undefined} url Of the chat server; default the page's own.
   * @param {() => Promise<{ token?: string, userId?: number | string }>} credentials Who asks.
   */
  constructor(url, credentials) {
    this.#url = url;
    this.#credentials = credentials;
  }

  /** Where a file is; undefined when that is no web address. @param {string} url @returns {string | undefined} */
  addressOf(url) {
    const address = URL.canParse(url, this.#base) ? new URL(url, this.#base) : undefined;
    return address?.protocol === 'https:' || address?.protocol === 'http:' ? address.href : undefined;
  }

  /** Whether the chat server keeps a file: then a link does not do, but `download` does. @param {string} url */
  isGuarded(url) {
    const address = this.addressOf(url);
    return address !== undefined && new URL(address).origin === new URL(this.#base).origin;
  }

  /** A file that the chat server keeps. @param {string} url @returns {Promise<Blob>} Rejects with a `ChatError` when it is refused. */
  async download(url) {
    if (!this.isGuarded(url)) throw new ChatError({ code: 'invalid', message: 'The chat server does not keep this file.' });
    const { token, userId } = await this.#credentials();
    const headers = token ? { Authorization: `Bearer ${token}` } : { 'X-Chatpulse-User': String(userId) };
    const answer = await fetch(this.addressOf(url), { headers, signal: AbortSignal.timeout(TIMEOUT) });
    if (answer.ok) return answer.blob();
    const { message = `The server answered ${answer.status}.` } = await answer.json().catch(() => ({}));
    throw new ChatError({ code: CODES[answer.status], message });
  }

  get #base() {
    return this.#url ?? location.href;
  }
}
