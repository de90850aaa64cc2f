/** A token is renewed this long before it ends; one that lives shorter, at half its time. In milliseconds. */
const AHEAD = 60_000;
/** Wait after a renewal that did not work. In milliseconds. */
const AGAIN = 5000;

/** The proof of who chats: a token, or where to get one; renewed in time for as long as a connection needs it. */
export class Proof {
  #token;
  #renew;
  #timer;
  #isNeeded = false;

  /**
   * @param {string | (() => string | Promise<string>) | undefined} token
   * @param {(token: string) => Promise<void>} renew Shows a new token to the server.
   */
  constructor(token, renew) {
    this.#token = token;
    this.#renew = renew;
  }

  /** A token for a new connection; undefined where there is none. */
  async get() {
    this.#isNeeded = true;
    const token = typeof this.#token === 'function' ? await this.#token() : this.#token;
    this.#watch(token);
    return token;
  }

  /** Gets a new token and shows it to the server now. */
  async renew() {
    if (typeof this.#token !== 'function' || !this.#isNeeded) return;
    try {
      const token = await this.#token();
      this.#watch(token);
      await this.#renew(token);
    } catch {
      // The server says itself what it does with a token that has ended.
      this.#later(AGAIN);
    }
  }

  /** The connection is gone: the next one asks by itself. */
  rest() {
    this.#isNeeded = false;
    clearTimeout(this.#timer);
  }

  #watch(token) {
    const end = claimOf(token, 'exp') * 1000;
    if (typeof this.#token !== 'function' || !end) return;
    const left = Math.max(end - Date.now(), 0);
    this.#later(Math.max(left > 2 * AHEAD ? left - AHEAD : left / 2, 1000));
  }

  #later(delay) {
    clearTimeout(this.#timer);
    if (this.#isNeeded) this.#timer = setTimeout(() => this.renew(), Math.min(delay, 2 ** 31 - 1));
  }
}

/** What a token says. Not a check: only the server can tell whether a token is genuine. */
export function claimOf(token, name) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(atob(payload))[name];
  } catch {
    return undefined;
  }
}
