// WebSocket frames made by hand, so that they can be wrong.
import { randomBytes } from 'node:crypto';
import { requestHead } from './raw-http.mjs';

/** The request that opens a WebSocket. */
export function webSocketRequest(url) {
  const key = randomBytes(16).toString('base64');
  return requestHead(url, 'GET', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`]);
}

/** A frame of up to 65,535 bytes; `first` is its first byte: flags and kind, by default a whole text message. */
export function frame(payload, { first = 0x81, masked = true } = {}) {
  const content = Buffer.from(payload);
  const bit = masked ? 0x80 : 0;
  const length = content.length < 126 ? [bit | content.length] : [bit | 126, content.length >> 8, content.length & 255];
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  if (masked) for (let i = 0; i < content.length; i++) content[i] ^= mask[i % 4];
  return Buffer.concat([Buffer.from([first, ...length]), mask, content]);
}

/** A close frame with a code. */
export const closeFrame = (code) => frame(Buffer.from([code >> 8, code & 255]), { first: 0x88 });

/** The head of a frame alone, with its length bytes as given and a mask. */
export const header = (first, length) => Buffer.from([first, ...length, 1, 2, 3, 4]);
