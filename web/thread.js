/** How many message ids are remembered to recognise a message that comes twice. */
const REMEMBERED_IDS = 2000;

/** What a client knows of one thread that it has joined: which messages it has had, and what it has not sent yet. */
export class ThreadState {
  #seen = new Set();
  #forgotten = 0;
  #held = [];

  constructor(id, initialHistory) {
    this.id = id;
    this.initialHistory = initialHistory;
    /** Counts connections; whatever belongs to an earlier one is void. */
    this.round = 0;
    /** Whether the server has let this connection in. */
    this.joined = false;
    /** Whether an earlier connection, or this one, has had everything up to `lastMessageId`. */
    this.wasEntered = false;
    /** While true, arriving messages are held back. */
    this.holding = true;
    /** The newest message that the server has sent; own messages do not count, as others may have been stored before them. */
    this.lastMessageId = undefined;
    /** Its messages that are not confirmed yet: an `Outbox`. */
    this.outbox = undefined;
    /** Ids of messages that were read, to tell the server. */
    this.toRead = new Set();
    this.isTellingRead = false;
    this.entered = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    // A refusal is told as `error` too: whoever does not wait for the promise must not be stopped by it.
    this.entered.catch(() => {});
  }

  /** The connection is gone. */
  disconnected() {
    this.round++;
    this.joined = false;
    this.holding = true;
  }

  /** Whether the message was shown already. */
  has(id) {
    return this.#seen.has(id) || id <= this.#forgotten;
  }

  /** The message is shown now. */
  remember(id) {
    this.#seen.add(id);
    if (this.#seen.size <= REMEMBERED_IDS) return;
    const [oldest] = this.#seen;
    this.#seen.delete(oldest);
    this.#forgotten = Math.max(this.#forgotten, oldest);
  }

  /** Keeps a message until `release`. */
  hold(message) {
    this.#held.push(message);
  }

  /** A message that is held back has changed. */
  update(message) {
    this.#held = this.#held.map((held) => (held.id === message.id ? message : held));
  }

  /** What is held back and newer than this message, in order. */
  heldAfter(id = 0) {
    return this.#held.filter((message) => message.id > id).sort((one, other) => one.id - other.id);
  }

  /** Ends the holding back: the messages, in order. */
  release() {
    const held = this.heldAfter();
    this.#held = [];
    this.holding = false;
    return held;
  }
}
