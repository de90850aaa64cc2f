// A WordPress of its own, by scripts/wordpress/site.sh.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository } from './server-process.mjs';

const START_LIMIT_MS = 180_000;
const run = promisify(execFile);
const siteScript = path.join(repository, 'scripts/wordpress/site.sh');

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
    const { stdout } = await run(siteScript, [name, this.folder, ...args], { timeout: START_LIMIT_MS });
    return stdout;
  }

  async start(args) {
    const printed = await this.command('start', '--parent', String(process.pid), ...args);
    for (const [, name, value] of printed.matchAll(/^(\w+)='(.*)'$/gm)) this.settings[name] = value;
    return this;
  }

  /** Stops it and removes everything it kept. */
  async stop() {
    await this.command('stop');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Makes and starts a site; `args` are those of `site.sh start`. It ends with this process at the latest. */
export const startSite = (...args) => new WordPressSite(mkdtempSync(path.join(tmpdir(), 'chatpulse-site-'))).start(args);
