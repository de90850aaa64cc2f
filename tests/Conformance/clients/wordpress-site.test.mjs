// scripts/wordpress/site.sh: the site that other tests, and people who try the chat, stand on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { httpRequest } from './support/http-request.mjs';
import { eventually } from './support/waiting.mjs';
import { startSite } from './support/wordpress-site.mjs';

const PATIENTLY_MS = 60_000;
let site;

before(async () => {
  site = await startSite();
});
after(() => site?.stop());

/** The ids of the processes that were started for this site. */
function processes() {
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return /(mariadbd|php-fpm|nginx).*/.test(readFileSync(`/proc/${id}/comm`, 'utf8')) && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(site.folder);
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

/** What site.sh complains about. */
const refusal = (...args) => site.command(...args).then(
  () => assert.fail(`${args.join(' ')} was not refused`),
  (error) => error.stderr,
);

const posts = () => httpRequest(`${site.settings.WP_BASE_URL}/wp/v2/posts`);

test('it stops as a whole, and starts again with its data, address and keys', async () => {
  const before = { ...site.settings };
  assert.equal(processes().length, 3);
  await site.command('sql', "UPDATE wp_posts SET post_title = 'Kept' WHERE ID = 1");
  await site.command('stop');
  assert.deepEqual(processes(), []);
  await assert.rejects(posts());
  await site.start([]);
  assert.deepEqual(site.settings, before);
  assert.equal(JSON.parse((await posts()).text)[0].title.rendered, 'Kept');
});

test('a part of it can be stopped and paused, as in an outage', async () => {
  await site.command('service', 'mariadb', 'stop');
  assert.equal((await posts()).status, 500);
  await site.command('service', 'mariadb', 'start');
  assert.equal((await posts()).status, 200);
  await site.command('service', 'php', 'pause');
  const late = posts();
  await site.command('service', 'php', 'resume');
  assert.equal((await late).status, 200);
});

test('it ends with the process it was started for', async () => {
  const parent = spawn('sleep', ['1000']);
  await site.command('start', '--parent', String(parent.pid));
  assert.equal(processes().length, 3);
  parent.kill('SIGKILL');
  await eventually(processes, (ids) => ids.length === 0, 'the end of the site', PATIENTLY_MS);
});

test('what it cannot do it says', async () => {
  await site.start([]);
  const port = site.settings.NGINX_PORT;
  assert.match(await refusal('start', '--nonsense'), /unknown argument: --nonsense/);
  assert.match(await refusal('start', '--port', '70000'), /port/);
  assert.match(await refusal('start', '--parent', '0'), /--parent/);
  assert.match(await refusal('chat-url', 'http://127.0.0.1:1/;evil'), /chat server's address/);
  assert.match(await refusal('service', 'apache', 'start'), /no such service: apache/);
  assert.match(await refusal('service', 'nginx', 'restart'), /no such action: restart/);
  assert.equal(JSON.parse((await httpRequest(`${site.url}/wp-json/`)).text).home, `http://127.0.0.1:${port}`, 'it goes on as it was');
});
