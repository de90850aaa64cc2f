// A WordPress of its own, by scripts/wordpress/site.sh.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { httpRequest, requestJson } from './http-request.mjs';
import { repository } from './server-process.mjs';

const START_LIMIT_MS = 180_000;
const OUTPUT_LIMIT = 16 * 1024 * 1024;
const run = promisify(execFile);
const siteScript = path.join(repository, 'scripts/wordpress/site.sh');

/** The lines `NAME='value'` of a text. */
export const readSettings = (text) => Object.fromEntries([...text.matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]));

/** A running site: its addresses, keys and passwords as site.env names them. */
class WordPressSite {
  constructor(folder) {
    this.folder = folder;
    this.settings = {};
  }

  get url() {
    return this.settings.SITE_URL;
  }

  /** A command of site.sh on this site; its output. */
  async command(name, ...args) {
    const { stdout } = await run(siteScript, [name, this.folder, ...args.map(String)], { timeout: START_LIMIT_MS, maxBuffer: OUTPUT_LIMIT });
    return stdout;
  }

  async start(args) {
    this.settings = readSettings(await this.command('start', '--parent', String(process.pid), ...args));
    return this;
  }

  /** The rows of a query, each an array of texts. */
  async rows(query) {
    const [, ...rows] = (await this.command('sql', query)).split('\n').filter(Boolean);
    return rows.map((row) => row.split('\t'));
  }

  /** What the chat server is told about the site in its environment. */
  serverSettings(authMode) {
    const { WP_BASE_URL, WP_API_KEY, AUTH_SECRET, WEBHOOK_SECRET } = this.settings;
    return { WP_BASE_URL, WP_API_KEY, WEBHOOK_SECRET, AUTH_MODE: authMode, ...(authMode === 'token' ? { AUTH_SECRET } : {}) };
  }

  /** A REST call of the chat server on behalf of a user. */
  callFor(userId, method, route, body) {
    return restCall(this.settings, method, route, { 'x-chatpulse-api-key': this.settings.WP_API_KEY, 'x-chatpulse-user': String(userId) }, body);
  }

  /** Stops it and removes everything it kept. */
  async stop() {
    await this.command('stop');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes and starts a site; `args` are those of `site.sh start`. It ends with this process at the latest. */
export const startSite = (...args) => new WordPressSite(mkdtempSync(path.join(tmpdir(), 'chatpulse-site-'))).start(args);

/** Signs a user in on the site's form; what the browser then sends with a REST call: the cookies and the nonce. */
export async function signIn(settings, user) {
  const form = new URLSearchParams({ log: user, pwd: settings[`${user.toUpperCase()}_PASSWORD`] });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status, headers: answer } = await httpRequest(`${settings.SITE_URL}/wp-login.php`, { method: 'POST', headers, body: String(form) });
  if (status !== 302) throw new Error(`${user} could not sign in: ${status}`);
  const cookie = answer['set-cookie'].map((one) => one.split(';')[0]).join('; ');
  const nonce = await httpRequest(`${settings.SITE_URL}/wp-admin/admin-ajax.php?action=rest-nonce`, { headers: { cookie } });
  return { cookie, 'x-wp-nonce': nonce.text };
}

/** A call of the plugin's REST API that must succeed; its answer. */
export async function restCall(settings, method, route, headers, body) {
  const content = body && { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const { status, json } = await requestJson(`${settings.WP_BASE_URL}/chatpulse-chat/v1${route}`, { method, headers, ...content });
  if (status >= 300) throw new Error(`${method} ${route}: ${status} ${JSON.stringify(json)}`);
  return json;
}
