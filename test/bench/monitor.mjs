// Loaded into a server by --import: on SIGUSR2 it writes its longest event-loop delay since the last time, in ms, to the file MONITOR names.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 1
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
process.on('SIGUSR2', () => {
  writeFileSync(process.env.MONITOR, String(delay.max / 1e6 - RESOLUTION_MS))
  delay.reset()
})
