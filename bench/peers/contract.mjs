// What every Socket.IO server of the benchmark does.

/** The port of the command line: --port N. */
export function port() {
  const value = Number(process.argv[process.argv.indexOf('--port') + 1]);
  if (!Number.isInteger(value) || value < 1 || value > 65535) throw new Error('Expected --port and a number from 1 to 65535.');
  return value;
}

export function serve(io) {
  io.on('connection', (socket) => {
    socket.on('join', (room, ack) => {
      socket.join(room);
      ack();
    });
    socket.on('publish', (message) => io.to(message.room).emit('msg', message));
    socket.on('echo', (value, ack) => ack(value));
  });
}
