-- One line that a program can read, in place of wrk's text: requests, seconds, failures, p50 and p99 in ms.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("MEASURED %d %.6f %d %.3f %.3f\n", summary.requests, summary.duration / 1e6,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
