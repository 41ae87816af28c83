// A registry on loopback for `npm audit`: it answers at once that there is no advisory, so that what is timed is npm's own
// part, and the least of it. Prints its port.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
