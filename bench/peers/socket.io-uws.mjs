// The official server on uWebSockets.js.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Server } from 'socket.io';
import { port, serve } from './contract.mjs';

const require = createRequire(import.meta.url);
const { platform, arch, versions } = process;
const folder = path.dirname(require.resolve('@trufflesuite/uws-js-unofficial/package.json'));
// Without one for this Node.js the package would quietly take an implementation in JavaScript.
if (!existsSync(path.join(folder, 'binaries', `uws_${platform}_${arch}_${versions.modules}.node`)))
  throw new Error(`uWebSockets.js has no binary for Node.js ${versions.node} on ${platform} ${arch}: use Node.js 20`);

const { App } = require('@trufflesuite/uws-js-unofficial');
const app = App();
const io = new Server();
io.attachApp(app);
serve(io);
app.listen('127.0.0.1', port(), (listening) => {
  if (!listening) throw new Error(`Port ${port()} is taken.`);
});
