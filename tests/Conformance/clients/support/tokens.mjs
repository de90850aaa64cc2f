// JSON Web Tokens as the site's plugin mints them.
import { createHmac } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An HS256 token; `sub` is the user, `expiresIn` is in seconds. */
export function token(secret, sub, { expiresIn = 3600, header = { alg: 'HS256', typ: 'JWT' }, ...claims } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const body = `${encode(header)}.${encode({ sub: String(sub), iat: now, exp: now + expiresIn, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
