// Engine.IO spoken by hand, packet by packet, so that tests see exactly what the server sends.
import { afterEach } from 'node:test';
import WebSocket from 'ws';
import { httpRequest } from './http-request.mjs';
import { within } from './waiting.mjs';

const SEPARATOR = '\x1e';

// A test that fails leaves its connections open, and an open connection keeps the process running.
const connections = new Set();
afterEach(() => connections.forEach((ws) => ws.terminate()));

/** A polling session: every request is made by the test. */
export class PollingClient {
  constructor(url, handshake) {
    this.url = url;
    this.handshake = handshake;
    this.sid = handshake.sid;
  }

  /** Opens a session at the endpoint (`…/engine.io/`). */
  static async open(endpoint, headers) {
    const answer = await httpRequest(`${endpoint}?EIO=4&transport=polling`, { headers });
    if (answer.status !== 200 || answer.text[0] !== '0') throw new Error(`no handshake: ${answer.status} ${answer.text}`);
    const handshake = JSON.parse(answer.text.slice(1));
    return new PollingClient(`${endpoint}?EIO=4&transport=polling&sid=${handshake.sid}`, handshake);
  }

  poll(headers) {
    return httpRequest(this.url, { headers });
  }

  post(body, headers = { 'content-type': 'text/plain;charset=UTF-8' }) {
    return httpRequest(this.url, { method: 'POST', body, headers });
  }

  /** Polls, answering pings, until this many other packets have come. */
  async packets(count) {
    const packets = [];
    while (packets.length < count) {
      const answer = await this.poll();
      if (answer.status !== 200) throw new Error(`the poll was answered ${answer.status} ${answer.text} after: ${packets.join(' ')}`);
      for (const packet of answer.text.split(SEPARATOR)) {
        if (packet === '2') await this.post('3');
        else if (packet !== '6') packets.push(packet);
      }
    }
    return packets;
  }
}

/** A WebSocket whose packets are read one by one. Pings are answered and not shown, unless `answerPings` is false. */
export class RawWebSocket {
  #received = [];
  #waiting = [];
  #end = null;

  constructor(url, { answerPings = true, ...options } = {}) {
    this.ws = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false, ...options });
    connections.add(this.ws);
    this.answerPings = answerPings;
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve);
      this.ws.once('error', reject);
      this.ws.once('unexpected-response', (request, response) => {
        response.resume();
        const refusal = Object.assign(new Error(`refused with HTTP ${response.statusCode}`), { status: response.statusCode });
        reject(refusal);
        request.destroy();
      });
    });
    this.opened.catch(() => {});
    this.ws.on('error', () => {});
    this.ws.on('message', (data, isBinary) => this.#take(isBinary ? data : data.toString('utf8')));
    this.closed = new Promise((resolve) => {
      this.ws.once('close', (code) => {
        connections.delete(this.ws);
        this.#end = code;
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the WebSocket closed with ${code}`));
        resolve(code);
      });
    });
  }

  /** Connects at the endpoint and takes the handshake. */
  static async open(endpoint, options) {
    const client = new RawWebSocket(`${endpoint}?EIO=4&transport=websocket`, options);
    await client.opened;
    const packet = await client.next();
    if (packet[0] !== '0') throw new Error(`no handshake: ${packet}`);
    client.handshake = JSON.parse(packet.slice(1));
    return client;
  }

  #take(packet) {
    if (packet === '2' && this.answerPings) {
      this.ws.send('3');
      return;
    }
    const waiter = this.#waiting.shift();
    if (waiter) waiter.resolve(packet);
    else this.#received.push(packet);
  }

  send(data) {
    this.ws.send(data);
  }

  /** The next packet: a string, or a Buffer for a binary one. */
  next() {
    if (this.#received.length > 0) return Promise.resolve(this.#received.shift());
    if (this.#end !== null) return Promise.reject(new Error(`the WebSocket closed with ${this.#end}`));
    return within(new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })), 'a packet');
  }

  /** Completes with the close code when the server has closed. */
  close() {
    return within(this.closed, 'the close of the WebSocket');
  }

  end() {
    this.ws.terminate();
    return this.closed;
  }
}
