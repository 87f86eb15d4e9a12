// A web app of two pages: a greeting at /, and /health for whoever has to decide whether it works.
'use strict';

const cluster = require('cluster');
const http = require('http');

const port = Number(process.env.PORT || 8080);
const version = process.env.APP_VERSION || 'unknown';
let stopping = false;

function answer(response, status, type, body) {
  const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
  if (stopping) headers.Connection = 'close';
  response.writeHead(status, headers);
  response.end(body);
}

const server = http.createServer((request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/') {
    answer(response, 200, 'text/plain; charset=utf-8', `Hello from the sample app, version ${version}\n`);
  } else if (path === '/health') {
    answer(response, 200, 'application/json', JSON.stringify({ status: 'ok', version }) + '\n');
  } else {
    answer(response, 404, 'text/plain; charset=utf-8', 'Not found\n');
  }
});

// Graceful exit: take no new connections, finish the open ones, then leave. In a cluster the supervisor hands
// connections over, and one may be on its way just now: disconnect() waits until it has agreed to send no more,
// whereas leaving as soon as the server is closed would strand that connection.
function stop() {
  if (stopping) return;
  stopping = true;
  if (cluster.isWorker) {
    process.once('disconnect', () => process.exit(0));
    cluster.worker.disconnect();
  } else {
    server.close(() => process.exit(0));
  }
  server.closeIdleConnections();
}

process.on('SIGINT', stop);
process.on('SIGTERM', stop);

server.listen(port, () => {
  if (process.send) process.send('ready');
});
