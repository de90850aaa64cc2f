// The official server on uWebSockets.js.
import { createRequire } from 'node:module';
import { Server } from 'socket.io';
import { port, serve } from './contract.mjs';

const { App } = createRequire(import.meta.url)('@trufflesuite/uws-js-unofficial');
const app = App();
const io = new Server();
io.attachApp(app);
serve(io);
app.listen('127.0.0.1', port(), (listening) => {
  if (!listening) throw new Error(`Port ${port()} is taken.`);
});
