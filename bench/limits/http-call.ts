import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true })
export type Call = typeof bareCall

/** One request over a connection that is kept: Node's own client and nothing around it. The answer's body. */
export const bareCall = (method: string, url: string, body = '', token = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(token && { authorization: `Bot ${token}` }),
    }
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    sent.on('error', reject)
    sent.end(body)
  })
