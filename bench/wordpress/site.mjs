// A WordPress of the benchmark's own, in a temporary folder, and the people in it.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSite } from '../../tests/Conformance/clients/support/wordpress-site.mjs';
import { processorSeconds } from './processes.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

export class BenchSite {
  #site;

  static async start() {
    return new BenchSite(await startSite());
  }

  constructor(site) {
    this.#site = site;
    this.settings = site.settings;
  }

  /** People two by two, each pair in a thread of its own. */
  async people(count) {
    const people = JSON.parse(await this.#site.command('php', here('people.php'), count));
    for (let first = 0; first < people.length; first += 2) {
      const [one, other] = [people[first], people[first + 1]];
      const { thread } = await this.#site.callFor(one.id, 'POST', '/threads', { type: 'private', participants: [one.id, other.id] });
      one.threadId = other.threadId = thread.id;
    }
    return people;
  }

  /** With `stock` the site offers only what a stock plugin offers. */
  offerOnlyStockRoutes(stock) {
    const file = path.join(this.#site.folder, 'www', 'wp-content', 'mu-plugins', 'stock-routes.php');
    mkdirSync(path.dirname(file), { recursive: true });
    if (stock) copyFileSync(here('stock-routes.php'), file);
    else rmSync(file, { force: true });
  }

  /** Messages in the database whose text has the label. */
  async stored(label) {
    const [[count]] = await this.#site.rows(`SELECT COUNT(*) FROM wp_chatpulse_messages WHERE content LIKE 'Message ${label}-%'`);
    return Number(count);
  }

  /** REST calls answered so far, and the processor seconds that the site has used. */
  usage() {
    const run = path.join(this.#site.folder, 'run');
    const pids = readdirSync(run).filter((file) => file.endsWith('.pid'));
    return { calls: this.#restCalls(), processor: processorSeconds(pids.map((file) => Number(readFileSync(path.join(run, file), 'utf8')))) };
  }

  #restCalls() {
    const log = path.join(this.#site.folder, 'log', 'access.log');
    if (!existsSync(log)) throw new Error(`${log} is missing: WordPress calls cannot be counted`);
    return (readFileSync(log, 'utf8').match(/ \/wp-json\/chatpulse-chat\//g) ?? []).length;
  }

  stop() {
    return this.#site.stop();
  }
}
