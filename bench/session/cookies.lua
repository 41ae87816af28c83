-- wrk: each request carries the cookie of another session, in turn. The file of cookies is named on the command line.
local cookies = {}
local position = 0

function init(arguments)
  for cookie in io.lines(arguments[1]) do
    cookies[#cookies + 1] = wrk.format("GET", nil, { Cookie = cookie })
  end
end

function request()
  position = position % #cookies + 1
  return cookies[position]
end

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format("MEASURED %d %f %d", summary.requests, summary.duration / 1e6, failed))
end
