// One line of a log: a token of ours or of docker_auth's, or something else, however a container runtime has wrapped it.
import { parseJson } from '../../lib/json.ts'
import { NEW_TOKEN, parseDockerAuthToken } from './log-docker-auth.ts'
import { parseOwnToken } from './log-own.ts'
import { isRecord } from './log-token.ts'
import type { LogEntry } from './log-token.ts'

/** Reads one line, whatever it holds. */
export function parseLogLine(line: string): LogEntry {
  const entry = parseUnwrapped(line)
  if (typeof entry === 'string' || !('wrapped' in entry)) return entry
  const inner = parseUnwrapped(entry.wrapped)
  return typeof inner === 'string' || !('wrapped' in inner) ? inner : 'other'
}

// What stands before the first brace is a runtime's or a journal's; Docker itself puts every line into an object's `log`.
function parseUnwrapped(line: string): LogEntry | { readonly wrapped: string } {
  const start = line.indexOf('{')
  if (start < 0 || !mayBeToken(line)) return 'other'
  if (line.endsWith(NEW_TOKEN, start)) return parseDockerAuthToken(line.slice(start))
  const value = parseJson(line.slice(start))
  if (!isRecord(value)) return 'unreadable'
  if (value['msg'] === 'token') return parseOwnToken(value)
  return typeof value['log'] === 'string' ? { wrapped: value['log'] } : 'other'
}

// Most lines of most logs are none: only those that look like one are taken apart.
function mayBeToken(line: string): boolean {
  return line.includes('"msg":"token"') || line.includes('\\"msg\\":\\"token\\"') || line.includes(`${NEW_TOKEN}{`)
}
