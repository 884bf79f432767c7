/** A program of its own: pg's minimal example on the server that the PG… variables name. */
import pg from 'pg'

const client = new pg.Client()
await client.connect()
const { rows } = await client.query('select 1 as one')
process.stdout.write(`${rows[0].one}\n`)
await client.end()
