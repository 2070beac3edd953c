// Preloaded into the program (NODE_OPTIONS=--import): TLS connections to the hosts in MAP_HOSTS, JSON of host → port, end on this machine.
import tls from 'node:tls'

const ports = JSON.parse(process.env.MAP_HOSTS)
const { connect } = tls

tls.connect = (options, ...rest) =>
  options.host in ports
    ? connect({ ...options, host: '127.0.0.1', port: ports[options.host], servername: options.host }, ...rest)
    : connect(options, ...rest)
