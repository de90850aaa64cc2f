// People who chat two by two: each sends its next message when the last one has got its id.
import { io } from 'socket.io-client';

const CONNECT_LIMIT_MS = 60_000;

/** One signed-in person in the thread of its pair. */
class Sender {
  constructor(url, person) {
    this.person = person;
    this.received = new Map();
    this.socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: person.auth,
      extraHeaders: person.headers,
    });
    this.socket.on('message', ({ id }, ack) => {
      this.received.set(id, (this.received.get(id) ?? 0) + 1);
      if (typeof ack === 'function') ack();
    });
  }

  async join() {
    const { threadId } = this.person;
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.person.id} is not in its thread after ${CONNECT_LIMIT_MS} ms`)), CONNECT_LIMIT_MS);
      this.socket.once('connect_error', reject);
      this.socket.once('error', ({ message }) => reject(new Error(message)));
      this.socket.once('thread_joined', () => (clearTimeout(timer), resolve()));
      this.socket.emit('join_thread', { threadId });
    });
    this.socket.removeAllListeners('error');
  }

  /** Sends until told to stop; `sent(milliseconds, realId)` or `failed(message)` for each. */
  async sendUntil(stopped, label, { sent, failed }) {
    for (let number = 1; !stopped(); number++) {
      const tempId = `${label}-${this.person.id}-${number}`;
      const begun = performance.now();
      const answer = await new Promise((resolve) => {
        const done = (value) => {
          this.socket.off('message_id_mapping', mapped).off('error', refused);
          resolve(value);
        };
        const mapped = (mapping) => mapping.tempId === tempId && done({ id: mapping.realId });
        const refused = (error) => error.tempId === tempId && done({ refusal: error.message });
        this.socket.on('message_id_mapping', mapped).on('error', refused);
        this.socket.emit('message_send', { threadId: this.person.threadId, tempId, content: `Message ${tempId} of the benchmark` });
      });
      if (answer.id) sent(performance.now() - begun, answer.id);
      else failed(answer.refusal);
    }
  }

  close() {
    this.socket.disconnect();
  }
}

/**
 * Has `people` chat: `warmUp` seconds that do not count, then `seconds` that do; what is under way then is waited for. `counting` is called when
 * counting begins and ends. Answers latencies in milliseconds, messages a second, and what went wrong.
 */
export async function chat(url, people, { label, warmUp, seconds, counting }) {
  const senders = people.map((person) => new Sender(url, person));
  try {
    // A few at a time: signing in is not what is measured.
    for (let first = 0; first < senders.length; first += 8) await Promise.all(senders.slice(first, first + 8).map((sender) => sender.join()));

    let phase = 'warm-up';
    const latencies = [];
    const stored = new Map();
    const refusals = new Map();
    const runs = senders.map((sender) =>
      sender.sendUntil(() => phase === 'over', label, {
        sent: (milliseconds, id) => {
          stored.set(id, (stored.get(id) ?? 0) + 1);
          if (phase === 'counting') latencies.push(milliseconds);
        },
        failed: (message) => refusals.set(message, (refusals.get(message) ?? 0) + 1),
      }),
    );
    await pause(warmUp);
    phase = 'counting';
    const before = counting();
    const begun = performance.now();
    await pause(seconds);
    const elapsed = (performance.now() - begun) / 1000;
    const after = counting();
    const counted = latencies.length;
    phase = 'over';
    await Promise.all(runs);

    // The last of them may still be on their way to the other one of the pair.
    await pause(1);
    const both = senders.length > 1;
    const copies = [...stored.keys()].map((id) => senders.reduce((sum, sender) => sum + (sender.received.get(id) ?? 0), 0));
    latencies.length = counted;
    return {
      perSecond: counted / elapsed,
      latencies,
      stored: stored.size,
      lost: both ? copies.filter((count) => count === 0).length : 0,
      doubled: copies.filter((count) => count > 1).length + [...stored.values()].filter((count) => count > 1).length,
      refusals: Object.fromEntries(refusals),
      before,
      after,
      counted,
    };
  } finally {
    senders.forEach((sender) => sender.close());
  }
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
