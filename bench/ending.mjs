// How a benchmark ends. Its servers and its load generator end with this process, which has to end in order for that: by a signal alone it does not.
import { constants } from 'node:os';

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    endWith(128 + constants.signals[signal]);
    process.exit(0);
  });
}

/** The status that this process will end with. Known any earlier, it would have every server shown again with all that it has printed, as after a failed test. */
export function endWith(status) {
  process.once('exit', () => {
    process.exitCode = status;
  });
}
