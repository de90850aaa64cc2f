// Writes the bundles of socket.io-client, compressed for the wire, where the build embeds them from.
// usage: node compress.mjs <folder of the npm package> <output folder>
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const files = ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.msgpack.min.js'].flatMap((file) => [file, `${file}.map`]);
const [source, target] = process.argv.slice(2);

mkdirSync(target, { recursive: true });
for (const file of files) {
  const content = readFileSync(join(source, 'dist', file));
  writeFileSync(
    join(target, `${file}.br`),
    brotliCompressSync(content, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      },
    }),
  );
  writeFileSync(join(target, `${file}.gz`), gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
}
writeFileSync(join(target, 'version'), JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')).version);
