/** How long one `typing: true` holds before it is repeated; the server forgets it after 10 s. In milliseconds. */
const REPEAT = 4000;
/** Without a key for this long, the user is not typing any more. In milliseconds. */
const IDLE = 5000;
/** When nothing was heard of somebody's typing for this long, it is over: the `false` was lost. In milliseconds. */
const LOST = 12_000;

/** The user's own typing in each thread: turns keys into few `typing` events. */
export class OwnTyping {
  #tell;
  #threads = new Map();

  /** @param {(threadId: number, isTyping: boolean) => void} tell Tells the server. */
  constructor(tell) {
    this.#tell = tell;
  }

  /** A key was pressed. */
  key(threadId) {
    const typing = this.#threads.get(threadId) ?? { toldAt: -Infinity };
    this.#threads.set(threadId, typing);
    const now = performance.now();
    if (now - typing.toldAt >= REPEAT) {
      typing.toldAt = now;
      this.#tell(threadId, true);
    }
    clearTimeout(typing.timer);
    typing.timer = setTimeout(() => this.stop(threadId), IDLE);
  }

  /** The draft is gone: told at once. */
  stop(threadId) {
    if (this.forget(threadId)) this.#tell(threadId, false);
  }

  /** The server knows already that it is over (a message was sent, the thread was left). Returns whether the user was typing. */
  forget(threadId) {
    clearTimeout(this.#threads.get(threadId)?.timer);
    return this.#threads.delete(threadId);
  }

  /** The connection is gone, and with it what the server knew. */
  forgetAll() {
    for (const threadId of [...this.#threads.keys()]) this.forget(threadId);
  }
}

/** The typing of the others: ends it when its end was lost. */
export class HeardTyping {
  #show;
  #typers = new Map();

  /** @param {(typing: { threadId: number, userId: number, isTyping: boolean }) => void} show Shows a change. */
  constructor(show) {
    this.#show = show;
  }

  /** What the server said. */
  hear({ threadId, userId, isTyping }) {
    if (!isTyping) {
      this.over(threadId, userId);
      return;
    }
    const key = `${threadId} ${userId}`;
    const known = this.#typers.get(key);
    clearTimeout(known?.timer);
    this.#typers.set(key, { threadId, userId, timer: setTimeout(() => this.over(threadId, userId), LOST) });
    if (!known) this.#show({ threadId, userId, isTyping: true });
  }

  /** Somebody is not typing any more. */
  over(threadId, userId) {
    const key = `${threadId} ${userId}`;
    clearTimeout(this.#typers.get(key)?.timer);
    if (this.#typers.delete(key)) this.#show({ threadId, userId, isTyping: false });
  }

  /** Nobody is, in that thread or, without one, anywhere. */
  overIn(threadId) {
    for (const typer of [...this.#typers.values()])
      if (threadId === undefined || typer.threadId === threadId) this.over(typer.threadId, typer.userId);
  }
}
