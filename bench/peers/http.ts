import http from 'node:http';

const agent = new http.Agent({ keepAlive: true });

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Posts JSON on a connection that stays open: as little of a client as there can be. */
export function postJson(url: string, body: unknown): Promise<Answer> {
  const content = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/json', 'content-length': content.length };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.on('error', reject);
    request.end(content);
  });
}

/** Whether there is somebody at `url` who is well. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** What an order came to whose refusal is said by 409. */
export function outcomeOf({ status, text }: Answer): 'completed' | 'compensated' {
  if (status === 200) return 'completed';
  if (status === 409) return 'compensated';
  throw new Error(`answered ${String(status)}: ${text}`);
}
