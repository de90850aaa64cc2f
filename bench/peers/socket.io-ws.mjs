// The official server on ws, its default.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { port, serve } from './contract.mjs';

const http = createServer();
serve(new Server(http));
http.listen(port(), '127.0.0.1');
