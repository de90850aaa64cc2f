// Which source is measured.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
// A report does not change what it is about.
const MEASURED = ['src', 'bench', ':!bench/results'];

/** The last commit that changed it, and whether there are changes that are in none; null where there is no git. */
export function readSource() {
  const git = (...args) => execFileSync('git', [...args, '--', ...MEASURED], { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return { commit: git('log', '-1', '--format=%h'), changed: git('status', '--porcelain') !== '' };
  } catch {
    return null;
  }
}
