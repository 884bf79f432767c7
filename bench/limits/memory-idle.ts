/** A program of its own: TensorFlow.js on WebAssembly has computed once and pg is connected, then nothing happens any more. */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import pg from 'pg'

setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`)
await tf.setBackend('wasm')
tf.tidy(() => tf.matMul(tf.ones([48, 48]), tf.ones([48, 48])).dataSync())
const client = new pg.Client()
await client.connect()
await client.query('select 1')
process.stdout.write('ready\n')
setInterval(() => undefined, 1_000)
