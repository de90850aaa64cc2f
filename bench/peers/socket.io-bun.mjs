// The official server on Bun, with the engine made for it.
import { Server as Engine } from '@socket.io/bun-engine';
import { Server } from 'socket.io';
import { port, serve } from './contract.mjs';

const io = new Server();
const engine = new Engine({ path: '/socket.io/' });
io.bind(engine);
serve(io);
export default { hostname: '127.0.0.1', port: port(), ...engine.handler() };
