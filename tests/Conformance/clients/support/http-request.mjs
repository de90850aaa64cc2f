// One HTTP request, answered with status, headers and text; unlike fetch it takes the answer that comes before the body is sent.
import http from 'node:http';

const LIMIT_MS = 60_000;

/** Sends a request and completes with `{ status, headers, body, text }`; fails when the connection ends without an answer. */
export function httpRequest(url, { method = 'GET', headers = {}, body, agent } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: agent ?? false, timeout: LIMIT_MS });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url} in ${LIMIT_MS} ms`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const content = Buffer.concat(chunks);
        resolve({ status: response.statusCode, headers: response.headers, body: content, text: content.toString('utf8') });
      });
    });
    request.end(body);
  });
}

/** The same, with the answer read as JSON. */
export async function requestJson(url, options) {
  const answer = await httpRequest(url, options);
  return { ...answer, json: JSON.parse(answer.text) };
}
