/** A page of this project in headless Chromium: /usr/bin/chromium, or what CHROMIUM names. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

export const chromium = process.env.CHROMIUM || '/usr/bin/chromium';

/**
 * Opens the page that `serve` answers requests for; what it sends back, as JSON, to /result.
 * @throws Error with the page's `error`, if it sends one; what `serve` throws; if the browser ends, or says nothing for `patience` milliseconds.
 */
export async function visit({ profile, patience, serve }) {
  let settle;
  const result = new Promise((resolve, reject) => (settle = { resolve, reject }));
  const server = createServer((request, response) => void answer(request, response, serve, settle));
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const address = `http://127.0.0.1:${server.address().port}/`;
  // The page is this project's own; containers often lack what the sandbox needs.
  const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const own = [`--user-data-dir=${profile}`, '--remote-debugging-port=0'];
  const browser = spawn(chromium, [...quiet, ...own, address], { stdio: 'ignore' });
  const closed = new Promise((done) => browser.once('close', done));
  browser.once('error', settle.reject);
  browser.once('exit', () => settle.reject(new Error('the browser ended before the page had answered')));
  const timer = setTimeout(() => settle.reject(new Error(`no answer within ${patience / 1000} s`)), patience);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
    browser.kill();
    await closed;
    server.closeAllConnections();
    server.close();
  }
}

async function answer(request, response, serve, settle) {
  if (request.url === '/result') return receive(request, response, settle);
  try {
    serve(request, response);
  } catch (error) {
    settle.reject(error);
    response.writeHead(404).end();
  }
}

async function receive(request, response, settle) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { error, ...result } = JSON.parse(body);
  if (error === undefined) settle.resolve(result);
  else settle.reject(new Error(error));
  response.end();
}
