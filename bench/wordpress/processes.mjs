// Processor time from /proc: the figure that survives a noisy machine.
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_A_SECOND = 100;

function read(pid) {
  // The name may have spaces and brackets; what follows the last bracket has not.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // The time of children that have ended and been waited for counts too: PHP replaces its workers.
  return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND };
}

/** User and system seconds of these processes and all their descendants so far. */
export function processorSeconds(pids) {
  const processes = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      processes.set(Number(entry), read(entry));
    } catch {
      // It has ended since the folder was listed.
    }
  }
  const wanted = new Set(pids);
  let grown = true;
  while (grown) {
    grown = false;
    for (const [pid, { parent }] of processes) {
      if (!wanted.has(pid) && wanted.has(parent)) {
        wanted.add(pid);
        grown = true;
      }
    }
  }
  return [...wanted].reduce((sum, pid) => sum + (processes.get(pid)?.seconds ?? 0), 0);
}
