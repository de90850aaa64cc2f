// A user of the chat: a real socket.io-client that remembers every event it was sent.
import { client } from './socket-clients.mjs';
import { within } from './waiting.mjs';

let lastId = 0;
/** An id that no other test of this process uses, for a user or a thread. */
export const newId = () => 1000 + ++lastId;

/** One connection of a user. */
export class ChatClient {
  #events = [];
  #waiting = [];

  constructor(socket, userId) {
    this.socket = socket;
    this.userId = userId;
    socket.onAny((event, payload) => {
      const waiter = this.#waiting.findIndex((one) => one.event === event);
      if (waiter >= 0) this.#waiting.splice(waiter, 1)[0].resolve(payload);
      else this.#events.push([event, payload]);
    });
  }

  /** Connects as a user; in token mode `auth` holds the token. */
  static async connect(server, userId, options = {}) {
    return new ChatClient(await client.connect(server.url, { auth: { userId }, ...options }), userId);
  }

  /** The payload of the next event of this name, the oldest that nobody has taken yet. */
  next(event) {
    const index = this.#events.findIndex(([name]) => name === event);
    if (index >= 0) return Promise.resolve(this.#events.splice(index, 1)[0][1]);
    return within(new Promise((resolve) => this.#waiting.push({ event, resolve })), `${event} to user ${this.userId}`);
  }

  /** Sends an event and answers its acknowledgement. */
  ask(event, ...args) {
    return within(new Promise((resolve) => this.socket.emit(event, ...args, resolve)), `the ack of ${event}`);
  }

  /** The same, and it must have been done. */
  async done(event, payload) {
    const ack = await this.ask(event, payload);
    if (ack.ok !== true) throw new Error(`${event} was refused: ${JSON.stringify(ack)}`);
    return ack;
  }

  emit(event, payload) {
    this.socket.emit(event, payload);
  }

  async join(threadId, more = {}) {
    const ack = await this.done('join_thread', { threadId, ...more });
    await this.next('thread_joined');
    return ack;
  }

  async send(threadId, content, more = {}) {
    return (await this.done('message_send', { threadId, content, ...more })).message;
  }

  /**
   * The events of these names that have come and that nobody has taken; they are then forgotten. What the server was caused to send this
   * connection before the call has arrived: its answer to the question asked here comes behind it.
   */
  async untaken(...names) {
    await this.ask('presence:request', { user_ids: [] });
    const wanted = ([name]) => name !== 'presence:bulk' && (names.length === 0 || names.includes(name));
    const found = this.#events.filter(wanted);
    this.#events = this.#events.filter((event) => !wanted(event));
    return found;
  }

  /** Waits until an event of this name satisfies; others of that name are dropped. */
  async until(event, satisfied) {
    for (;;) {
      const payload = await this.next(event);
      if (satisfied(payload)) return payload;
    }
  }

  disconnect() {
    this.socket.disconnect();
  }
}
